import {describe, expect, test} from "vitest";

import {retry} from "../../src/page-parts/engine/choices";
import {UNKNOWN} from "../../src/shared/flushing/delivery";
import {changeDevice} from "../../src/shared/rows/device";
import {DEFAULT_LIMITS} from "../../src/shared/vocabulary/protocol";
import {FakeContext, START} from "./support/device";
import {json, page, problem, result} from "./support/server";

async function ready(): Promise<FakeContext> {
    return new FakeContext().signedIn();
}

describe("a delivery", () => {
    test("says everything the server wants to know", async () => {
        const device = await ready();
        await device.runtime.db.write((tx) => changeDevice(tx, {
            worker_version: "v1", dropped: {quota: 1},
            capabilities: {...UNKNOWN, worker: "ours", sync: "granted"},
        }));
        const {id} = await device.write();
        device.now += 1_000;
        await device.flush({trigger: "sync", syncTag: "bgsync:post#2", lastChance: true});
        expect(device.server.calls).toMatchObject([{
            url: "https://site.test/bgsync/v1/deliveries/",
            headers: {
                "Content-Type": "application/json", "X-BGSync": "1", "X-CSRFToken": "token",
                "BGSync-Client": (await device.device()).client,
            },
            init: {method: "POST", redirect: "manual", cache: "no-store", credentials: "same-origin"},
        }]);
        expect(device.server.envelopes).toEqual([{
            protocol: 1,
            owner: "A",
            client: {
                id: (await device.device()).client,
                app_version: "",
                worker_version: "v1",
                capabilities: {...UNKNOWN, worker: "ours", sync: "granted"},
                outbox: {pending: 1, parked: 0, oldest_at: "2026-11-20T10:00:00.000Z", dropped: {quota: 1}},
            },
            trigger: "sync", sync_tag: "bgsync:post#2", last_chance: true, context: "page",
            sent_at: "2026-11-20T10:00:01.000Z",
            items: [{
                id, tag: "post", lane: "", after: null, seq: 1, created_at: "2026-11-20T10:00:00.000Z",
                send_count: 1, retry: 0, payload: {text: "hi"},
            }],
            awaiting: [],
        }]);
    });

    test("is not made when there is nothing to say", async () => {
        const device = await ready();
        expect(await device.flush()).toBe("drained");
        expect(device.server.calls).toEqual([]);
    });

    test("carries as many items as the server takes", async () => {
        const device = await ready();
        const ids = await device.writeMany(250);
        await device.flush();
        expect(device.server.sent).toEqual([ids.slice(0, 100), ids.slice(100, 200), ids.slice(200)]);
    });

    test("carries as many bytes as the server takes", async () => {
        const device = await ready();
        const payload = "x".repeat(200_000);
        await device.writeMany(12, {payload, bytes: payload.length + 2});
        await device.flush();
        expect(device.server.sent.map((ids) => ids.length)).toEqual([5, 5, 2]);
        const sizes = device.server.calls.map(({init}) => (init.body as string).length);
        expect(Math.max(...sizes)).toBeLessThanOrEqual(1_048_576);
    });

    test("numbers the tries and keeps the item's id", async () => {
        const device = await ready();
        const {id} = await device.write();
        device.server.deliveries = (_call, number) => (number < 3 ? page(502) : undefined);
        for (let i = 0; i < 3; i += 1) await device.flush();
        expect(device.server.envelopes.flatMap(({items}) => items.map((item) => [item.id, item.send_count])))
            .toEqual([[id, 1], [id, 2], [id, 3]]);
    });

    test("keeps a lane in its order, across batches", async () => {
        const device = await ready();
        const ids = await device.writeMany(3, {lane: "orders"});
        await device.runtime.db.write(async (tx) => (
            changeDevice(tx, {limits: {...DEFAULT_LIMITS, max_items: 2}})
        ));
        await device.flush();
        expect(device.server.envelopes.flatMap(({items}) => items.map((item) => [item.id, item.after])))
            .toEqual([[ids[0], null], [ids[1], ids[0]], [ids[2], null]]);
    });
});

describe("results are applied item by item", () => {
    test("whatever each of them is", async () => {
        const device = await ready();
        const [done, wait, park, conflict, retry, later] = await device.writeMany(6);
        device.server.deliveries = () => json(device.server.answer([
            result(done!, "applied", {result: {id: 7}}),
            result(wait!, "accepted", {code: "queued"}),
            result(park!, "rejected", {code: "invalid"}),
            result(conflict!, "conflict"),
            result(retry!, "deferred", {code: "in_flight", retry_after: 90}),
            result(later!, "deferred", {code: "unavailable"}),
        ]));
        expect(await device.flush()).toBe("drained");
        expect(await device.states()).toEqual(["accepted", "parked", "parked", "queued", "queued"]);
        expect(await device.item(retry!)).toMatchObject({not_before: START + 90_000, failures: 0, uncertain: true});
        expect(await device.item(later!)).toMatchObject({next_try: START + 5_000, failures: 1, uncertain: false});
        expect(await device.outbox.settlement(done!)).toMatchObject({status: "applied", result: {id: 7}});
        expect(await device.outbox.settlement(park!)).toMatchObject({code: "invalid"});
        expect(device.server.envelopes).toHaveLength(1);
    });

    test("and told: sent means the server has it, settled means final", async () => {
        const device = await ready();
        const [done, wait, park] = await device.writeMany(3);
        device.server.deliveries = () => json(device.server.answer([
            result(done!), result(wait!, "accepted"), result(park!, "rejected"),
        ]));
        await device.flush();
        const told = device.told.flatMap((said) => ("item" in said ? [[said.type, said.item.id]] : []));
        expect(told).toEqual([["sent", done], ["settled", done], ["sent", wait], ["parked", park], ["settled", park]]);
    });

    test("an item the server asked to wait with is left alone even by a sync event, until its time", async () => {
        const device = await ready();
        const {id} = await device.write();
        device.server.deliveries = (_call, number) => (
            number === 1 ? json(device.server.answer([result(id, "deferred", {code: "unknown_tag", retry_after: 3_600})])) : undefined
        );
        await device.flush();
        device.now += 3_599_000;
        await device.flush({trigger: "sync"});
        expect(device.server.sent).toHaveLength(1);
        device.now += 1_000;
        await device.flush({trigger: "timer"});
        expect(device.server.sent).toHaveLength(2);
    });

    test("an id that is too old goes on under a new one by itself, once", async () => {
        const device = await ready();
        const {id} = await device.write();
        device.server.deliveries = ({envelope}) => json(device.server.answer(
            envelope.items.map((item) => result(item.id, "expired", {code: "id_too_old"})),
        ));
        await device.flush();
        const [first, second] = device.server.sent.flat();
        expect(first).toBe(id);
        expect(second! > id).toBe(true);
        expect(device.server.sent).toHaveLength(2);
        expect(await device.item(id)).toMatchObject({id: second, aliases: [id], state: "parked"});
    });

    test("limits, clock and owner of the answer hold from then on", async () => {
        const device = await ready();
        await device.write();
        device.server.clock = () => device.now + 60_000;
        await device.flush();
        expect(await device.device()).toMatchObject({clock: 60_000, owner: "A", failures: 0});
    });
});

describe("news of what the server has", () => {
    async function accepted(): Promise<[FakeContext, string]> {
        const device = await ready();
        const {id} = await device.write();
        device.server.deliveries = (_call, number) => (
            number === 1 ? json(device.server.answer([result(id, "accepted", {code: "queued"})])) : undefined
        );
        await device.flush();
        device.told.length = 0;
        return [device, id];
    }

    test("is asked for, and settles the item", async () => {
        const [device, id] = await accepted();
        device.server.settled = [result(id)];
        await device.flush({trigger: "timer"});
        expect(device.server.envelopes[1]).toMatchObject({items: [], awaiting: [id]});
        expect(await device.states()).toEqual([]);
        expect(device.heard("settled")).toMatchObject([{item: {id}, result: {status: "applied"}}]);
    });

    test("comes once in a flush", async () => {
        const [device, id] = await accepted();
        await device.writeMany(150);
        await device.flush();
        expect(device.server.envelopes.slice(1).map(({awaiting}) => awaiting)).toEqual([[id], []]);
    });

    test("is no reason for a request after an enqueue or in a sync event", async () => {
        const [device] = await accepted();
        await device.flush({trigger: "enqueue"});
        await device.flush({trigger: "sync"});
        expect(device.server.envelopes).toHaveLength(1);
    });

    test("an accepted item the server has forgotten is sent again", async () => {
        const [device, id] = await accepted();
        device.server.settled = [result(id, "deferred", {code: "unknown_item"})];
        await device.flush();
        expect(device.server.sent).toEqual([[id], [], [id]]);
        expect(await device.states()).toEqual([]);
    });

    test("a parked item the server has forgotten stays", async () => {
        const device = await ready();
        const {id} = await device.write();
        device.server.deliveries = (_call, number) => (
            number === 1 ? json(device.server.answer([result(id, "rejected", {code: "dead"})])) : undefined
        );
        await device.flush();
        device.server.settled = [result(id, "deferred", {code: "unknown_item"})];
        await device.flush();
        expect(await device.item(id)).toMatchObject({state: "parked", result: {code: "dead"}});
    });

    test("an operator's change of a parked item arrives", async () => {
        const device = await ready();
        const {id} = await device.write();
        device.server.deliveries = (_call, number) => (
            number === 1 ? json(device.server.answer([result(id, "rejected", {code: "dead"})])) : undefined
        );
        await device.flush();
        device.server.settled = [result(id, "accepted", {code: "queued"})];
        await device.flush({trigger: "load"});
        expect(await device.states()).toEqual(["accepted"]);
    });

    test.each(["expired", "invalid_item", "too_large", "unstorable_payload"])("of %s there is none", async (code) => {
        const device = await ready();
        const {id} = await device.write();
        device.server.deliveries = () => json(device.server.answer([result(id, "rejected", {code})]));
        await device.flush();
        await device.flush({trigger: "load"});
        expect(device.server.envelopes).toHaveLength(1);
    });

    test("does not overrule what the user has asked for since", async () => {
        const device = await ready();
        const {id} = await device.write();
        device.server.deliveries = async (_call, number) => {
            if (number === 1) return json(device.server.answer([result(id, "rejected", {code: "invalid"})]));
            if (number === 2) await retry(device.runtime, id);
            return undefined;
        };
        await device.flush();
        device.server.settled = [result(id, "rejected", {code: "invalid"})];
        await device.flush();
        expect(device.server.sent).toEqual([[id], [], [id]]);
    });

    test("of more than a hundred items is asked for in turns", async () => {
        const device = await ready();
        const ids = await device.writeMany(150);
        device.server.deliveries = ({envelope}) => json(device.server.answer(
            envelope.items.map((item) => result(item.id, "accepted")),
        ));
        await device.flush();
        await device.flush();
        await device.flush();
        const asked = device.server.envelopes.slice(2).map(({awaiting}) => awaiting);
        expect(asked.map((list) => list.length)).toEqual([100, 100]);
        expect(new Set(asked.flat())).toEqual(new Set(ids));
    });
});

test("an item that is blocked half way is still settled by its verdict", async () => {
    const device = await ready();
    const {id} = await device.write();
    device.server.deliveries = async () => {
        device.server.owner = "B";
        await device.session.run();
        device.server.owner = "A";
        return json(device.server.answer([result(id)]));
    };
    await device.flush();
    expect(await device.states()).toEqual([]);
});

test("a refused owner is not argued with for ever", async () => {
    const device = await ready();
    await device.write();
    device.server.deliveries = () => problem(409, "wrong_owner", {owner: "A"});
    expect(await device.flush()).toBe("failed");
    expect(device.server.envelopes).toHaveLength(1);
    expect(await device.states()).toEqual(["queued"]);
});
