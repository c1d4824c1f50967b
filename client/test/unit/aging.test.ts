import {describe, expect, test} from "vitest";

import {retry} from "../../src/page-parts/engine/choices";
import {changeDevice} from "../../src/shared/rows/device";
import {put} from "../../src/shared/rows/items";
import {FakeContext, MAX_AGE, START} from "./support/device";
import {json, NO_NETWORK, page, problem, result} from "./support/server";

const DAY = 24 * 3_600_000;

async function ready(): Promise<FakeContext> {
    return new FakeContext().signedIn();
}

/** The server takes nothing for now, but answers: what waits gets older. */
function closed(device: FakeContext): void {
    device.server.deliveries = () => problem(503, "unavailable", {}, "60");
}

function open(device: FakeContext): void {
    device.server.deliveries = () => undefined;
}

/** One look at the server, as when a page is opened. */
async function visit(device: FakeContext): Promise<void> {
    await device.session.run();
    await device.flush({trigger: "load"});
}

describe("what waits for longer than the site allows", () => {
    test("parks as expired, and nothing is deleted", async () => {
        const device = await ready();
        await device.runtime.db.write((tx) => changeDevice(tx, {not_before: START + DAY}));
        const item = await device.write();
        await visit(device);
        device.now += MAX_AGE - 1;
        await device.session.run();
        expect(await device.states()).toEqual(["queued"]);
        device.now += 1;
        device.told.length = 0;
        await visit(device);
        expect(await device.stored()).toMatchObject([
            {...item, state: "parked", expires_at: START + MAX_AGE, result: {status: "expired", disposition: "park", code: "expired"}},
        ]);
        expect(device.server.envelopes).toEqual([]);
        expect(device.heard("parked")).toMatchObject([{item: {id: item.id}, result: {code: "expired"}}]);
        expect(device.heard("settled")).toMatchObject([{item: {id: item.id}, result: {code: "expired"}}]);
    });

    test("is counted from the first answer after it was written", async () => {
        const device = await ready();
        device.server.deliveries = device.server.sessions = () => NO_NETWORK;
        device.now += DAY;
        await device.write();
        device.now += 2 * MAX_AGE;
        await visit(device);
        open(device);
        device.server.sessions = () => undefined;
        await visit(device);
        expect(await device.states()).toEqual([]);
        expect(device.heard("parked")).toEqual([]);
    });

    test("is not counted from an answer before it was written", async () => {
        const device = await ready();
        device.server.deliveries = device.server.sessions = () => NO_NETWORK;
        device.now += DAY;
        await device.write();
        await device.flush();
        expect((await device.stored())[0]).toMatchObject({expires_at: null});
    });

    test("is counted anew when the user tries again", async () => {
        const device = await ready();
        const {id} = await device.write();
        device.server.deliveries = () => json(device.server.answer([result(id, "rejected")]));
        await device.flush();
        device.now += 2 * MAX_AGE;
        closed(device);
        await device.session.run();
        await retry(device.runtime, id);
        await visit(device);
        expect(await device.states()).toEqual(["queued"]);
    });

    test("may be less by the item's own choice, never more", async () => {
        const device = await ready();
        await device.runtime.db.write((tx) => changeDevice(tx, {not_before: START + DAY}));
        await device.write({max_age: 60_000});
        await device.write({max_age: 2 * MAX_AGE});
        await visit(device);
        device.now += 60_000;
        await device.session.run();
        expect(await device.states()).toEqual(["parked", "queued"]);
        device.now += MAX_AGE;
        await device.session.run();
        expect(await device.states()).toEqual(["parked", "parked"]);
    });

    test("while its owner is signed out too, without a word to whoever is signed in", async () => {
        const device = await ready();
        await device.write();
        device.server.owner = "B";
        await visit(device);
        device.now += MAX_AGE;
        device.told.length = 0;
        await visit(device);
        expect(await device.stored()).toMatchObject([{owner: "A", state: "parked"}]);
        expect(device.heard("parked")).toEqual([]);
    });

    test("concerns neither what the server holds nor what is parked already", async () => {
        const device = await ready();
        const [accepted, refused] = await device.writeMany(2);
        device.server.deliveries = ({envelope}) => json(device.server.answer(
            envelope.items.length ? [result(accepted!, "accepted"), result(refused!, "rejected")] : [],
        ));
        await visit(device);
        device.now += 2 * MAX_AGE;
        await visit(device);
        expect(await device.stored()).toMatchObject([{state: "accepted"}, {state: "parked", result: {status: "rejected"}}]);
    });
});

describe("what was sent and got no verdict", () => {
    async function overdue(): Promise<[FakeContext, string]> {
        const device = await ready();
        const {id} = await device.write({lane: "x"});
        device.server.deliveries = () => page(502);
        await device.flush();
        await visit(device);
        device.now += MAX_AGE;
        device.server.calls.length = 0;
        return [device, id];
    }

    function hears(device: FakeContext, id: string, ...settled: ReturnType<typeof result>[]): void {
        device.server.deliveries = ({envelope}) => {
            device.server.settled = envelope.awaiting.includes(id) ? settled : [];
            return undefined;
        };
    }

    test.each(["load", "sync", "timer"] as const)("is asked for before it parks (%s)", async (trigger) => {
        const [device, id] = await overdue();
        hears(device, id, result(id, "deferred", {code: "unknown_item"}));
        await device.session.run();
        expect(await device.states()).toEqual(["queued"]);
        await device.flush({trigger});
        expect(device.server.envelopes).toMatchObject([{items: [], awaiting: [id]}]);
        expect(await device.stored()).toMatchObject([{state: "parked", uncertain: false, result: {code: "expired"}}]);
        expect(device.heard("parked")).toHaveLength(1);
    });

    test("is what the server says", async () => {
        const [device, id] = await overdue();
        hears(device, id, result(id));
        await visit(device);
        expect(device.server.sent).toEqual([[]]);
        expect(await device.states()).toEqual([]);
        expect(device.heard("settled")).toMatchObject([{item: {id}, result: {status: "applied"}}]);
    });

    test("may turn out to be under way", async () => {
        const [device, id] = await overdue();
        hears(device, id, result(id, "accepted", {code: "held"}));
        await visit(device);
        expect(await device.states()).toEqual(["accepted"]);
    });

    test("holds its lane until then, and no longer", async () => {
        const [device, id] = await overdue();
        const next = await device.write({lane: "x"});
        hears(device, id, result(id, "deferred", {code: "unknown_item"}));
        await visit(device);
        await visit(device);
        expect(device.server.sent.filter((ids) => ids.length)).toEqual([[next.id]]);
    });

    test("stays while the server cannot be asked", async () => {
        const [device] = await overdue();
        await visit(device);
        device.server.deliveries = () => page(502);
        await visit(device);
        expect(await device.states()).toEqual(["queued"]);
    });
});

describe("an expired item", () => {
    test("goes on as a copy with a new id, in its place", async () => {
        const device = await ready();
        await device.runtime.db.write((tx) => changeDevice(tx, {not_before: START + DAY}));
        const first = await device.write({lane: "x"});
        await visit(device);
        device.now += MAX_AGE - 1;
        await device.runtime.db.write((tx) => changeDevice(tx, {not_before: device.now + 1}));
        const second = await device.write({lane: "x"});
        device.now += 1;
        await device.session.run();
        expect(await device.states()).toEqual(["parked", "queued"]);
        const copy = await retry(device.runtime, first.id);
        expect(copy).toMatchObject({seq: first.seq, aliases: [first.id], created_at: device.now, send_count: 0, expires_at: null});
        await device.flush();
        expect(device.server.envelopes.at(-1)!.items).toMatchObject([{id: copy.id, after: null}, {id: second.id, after: copy.id}]);
        expect(await device.outbox.settlement(first.id)).toMatchObject({id: copy.id, status: "applied"});
    });

    test("is as old as its copy from then on", async () => {
        const device = await ready();
        await device.runtime.db.write((tx) => changeDevice(tx, {not_before: START + DAY}));
        const {id} = await device.write();
        await visit(device);
        device.now += MAX_AGE;
        await device.session.run();
        await retry(device.runtime, id);
        closed(device);
        await visit(device);
        device.now += MAX_AGE - 1;
        await visit(device);
        expect(await device.states()).toEqual(["queued"]);
        device.now += DAY;
        await visit(device);
        expect(await device.states()).not.toEqual(["parked"]);
    });
});

test("an outbox of before counts from the next answer", async () => {
    const device = await ready();
    await device.runtime.db.write((tx) => changeDevice(tx, {not_before: START + DAY}));
    const {since: _, clock: __, expires_at: ___, ...item} = await device.write();
    await device.runtime.db.write((tx) => put(tx, item));
    await visit(device);
    expect((await device.stored())[0]).toMatchObject({expires_at: START + MAX_AGE});
});
