import {describe, expect, test} from "vitest";

import {itemTag, nextBrowserTag} from "../../src/shared/vocabulary/synctags";
import {SyncEvents} from "../../src/worker/sync-events";
import {FakeContext} from "./support/device";
import {json, NO_NETWORK, page, problem, result} from "./support/server";

async function worker(): Promise<[FakeContext, SyncEvents]> {
    const device = await new FakeContext(undefined, {context: "worker", version: "v2"}).signedIn();
    return [device, new SyncEvents(device.runtime, device.flusher)];
}

const post = {tag: "bgsync:post", lastChance: false};

describe("a sync event", () => {
    test("delivers everything due and resolves", async () => {
        const [device, events] = await worker();
        const ids = [...(await device.writeMany(2)), (await device.write({tag: "order"})).id];
        await events.handle({...post, lastChance: true});
        expect(device.server.envelopes).toMatchObject([{
            trigger: "sync", sync_tag: "bgsync:post", last_chance: true, context: "worker", client: {worker_version: "v2"},
        }]);
        expect(device.server.sent).toEqual([ids]);
    });

    test.each(["bgsync:", "bgsync:unheard-of", "bgsync:post", "bgsync:post#3"])(
        "%s with nothing to send makes no request", async (tag) => {
            const [device, events] = await worker();
            await events.handle({tag, lastChance: false});
            expect(device.server.calls).toEqual([]);
        },
    );

    test.each([["no network", NO_NETWORK], ["a stranger", page()], ["a busy server", problem(503, "unavailable", {}, "60")]])(
        "%s: it rejects, so that the browser comes back", async (_name, reply) => {
            const [device, events] = await worker();
            await device.write();
            device.server.deliveries = () => reply;
            await expect(events.handle(post)).rejects.toThrow("bgsync:post");
            expect((await device.device()).failed_tags).toEqual(["bgsync:post"]);
        },
    );

    test("rejects while its items have to wait, without a request", async () => {
        const [device, events] = await worker();
        await device.write();
        device.server.deliveries = () => problem(429, "throttled", {}, "600");
        await expect(events.handle(post)).rejects.toThrow();
        await expect(events.handle(post)).rejects.toThrow();
        expect(device.server.envelopes).toHaveLength(1);
    });

    test("does not care about our own backoff", async () => {
        const [device, events] = await worker();
        await device.write();
        device.server.deliveries = (_call, number) => (number < 4 ? page(502) : undefined);
        for (let i = 0; i < 3; i += 1) await expect(events.handle(post)).rejects.toThrow();
        await events.handle(post);
        expect(await device.states()).toEqual([]);
        expect((await device.device()).failed_tags).toEqual([]);
    });

    test("answers for its own tag only", async () => {
        const [device, events] = await worker();
        const {id} = await device.write({tag: "order"});
        await device.write();
        device.server.deliveries = ({envelope}) => json(device.server.answer(envelope.items.map((item) => (
            item.id === id ? result(id, "deferred", {retry_after: 60}) : result(item.id)
        ))));
        await events.handle(post);
        await expect(events.handle({...post, tag: "bgsync:order"})).rejects.toThrow();
    });

    test.each(["accepted", "rejected"] as const)("is content with %s", async (status) => {
        const [device, events] = await worker();
        const {id} = await device.write();
        device.server.deliveries = () => json(device.server.answer([result(id, status)]));
        await events.handle(post);
    });

    test("is content with items that wait for a login", async () => {
        const [device, events] = await worker();
        await device.write();
        device.server.owner = null;
        await events.handle(post);
        expect(await device.states()).toEqual(["blocked"]);
        await events.handle(post);
        expect(device.server.envelopes).toHaveLength(1);
    });

    test("after the last chance its tag is free again", async () => {
        const [device, events] = await worker();
        await device.write();
        device.server.deliveries = () => NO_NETWORK;
        await expect(events.handle(post)).rejects.toThrow();
        await expect(events.handle({...post, lastChance: true})).rejects.toThrow();
        expect((await device.device()).failed_tags).toEqual([]);
    });
});

test("a message has the flush finished", async () => {
    const [device, events] = await worker();
    await device.write();
    await events.flush();
    expect(device.server.envelopes).toMatchObject([{trigger: "message", sync_tag: ""}]);
});

describe("browser tags", () => {
    test.each([
        ["bgsync:post", "post"], ["bgsync:post#2", "post"], ["bgsync:a.b-c_d#3", "a.b-c_d"], ["bgsync:", ""],
        ["post", null], ["", null], ["workbox-background-sync:queue", null],
    ])("%s is ours for %j", (browserTag, tag) => {
        expect(itemTag(browserTag)).toBe(tag);
    });

    test("a number follows when the one before has failed, and three are enough", () => {
        const failed: string[] = [];
        for (const expected of ["bgsync:post", "bgsync:post#2", "bgsync:post#3", null]) {
            const tag = nextBrowserTag("post", failed);
            expect(tag).toBe(expected);
            if (tag) failed.push(tag);
        }
        expect(nextBrowserTag("order", failed)).toBe("bgsync:order");
    });
});
