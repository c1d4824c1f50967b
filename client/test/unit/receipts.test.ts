import {afterEach, beforeEach, expect, test, vi} from "vitest";

import {Receipts} from "../../src/page/receipts";
import {discard} from "../../src/page-parts/engine/choices";
import {Inquiry} from "../../src/page-parts/engine/inquiry";
import {news} from "../../src/shared/outbox/messages";
import {FakeContext} from "./support/device";
import {settle} from "./support/page";
import {json, NO_NETWORK, page, result} from "./support/server";

beforeEach(() => {
    vi.useFakeTimers({toFake: ["setTimeout", "clearTimeout"]});
});

afterEach(() => vi.useRealTimers());

const nobody = () => Promise.reject(new Error("not asked"));

async function opened(): Promise<[FakeContext, Receipts]> {
    const device = await new FakeContext().signedIn();
    const inquiry = new Inquiry(device.runtime);
    const receipts = new Receipts(device.outbox, (id, isAwaited) => inquiry.resultOf(id, isAwaited));
    const announce = device.runtime.announce;
    device.runtime.announce = (...announcements) => {
        announce(...announcements);
        for (const announcement of announcements) receipts.hear(announcement);
    };
    return [device, receipts];
}

test("a receipt resolves with the verdict", async () => {
    const [device, receipts] = await opened();
    const {id} = await device.write();
    const settled = receipts.settled(id);
    expect(receipts.settled(id)).toBe(settled);
    await device.flush();
    expect(await settled).toEqual(result(id));
});

test("a rejection is a verdict too", async () => {
    const [device, receipts] = await opened();
    const {id} = await device.write();
    device.server.deliveries = () => json(device.server.answer([result(id, "rejected", {code: "invalid"})]));
    await device.flush();
    expect(await receipts.settled(id)).toMatchObject({status: "rejected", code: "invalid"});
});

test("after a reload the device still knows", async () => {
    const [device] = await opened();
    const {id} = await device.write();
    await device.flush();
    const reloaded = new FakeContext(device.server);
    expect(await new Receipts(reloaded.outbox, nobody).settled(id)).toMatchObject({status: "applied"});
});

test("an item that went on under another id settles under both", async () => {
    const [device, receipts] = await opened();
    const {id} = await device.write();
    device.server.deliveries = (_call, number) => (
        number === 1 ? json(device.server.answer([result(id, "expired", {code: "id_too_old"})])) : undefined
    );
    const settled = receipts.settled(id);
    await device.flush();
    const copy = device.server.sent.flat()[1]!;
    expect(await settled).toMatchObject({id: copy, status: "applied"});
    expect(await receipts.settled(id)).toMatchObject({id: copy});
});

test("what was missed in the back/forward cache is looked up", async () => {
    const [device, receipts] = await opened();
    const item = await device.write();
    const settled = receipts.settled(item.id);
    await settle();
    await new FakeContext(device.server).flush();
    receipts.lookAgain();
    expect(await settled).toMatchObject({status: "applied"});
});

test("discarding settles", async () => {
    const [device, receipts] = await opened();
    const item = await device.write();
    const settled = receipts.settled(item.id);
    await discard(device.runtime, item.id);
    receipts.hear({type: "settled", item: news(item), result: {id: item.id, status: "discarded"}});
    expect(await settled).toEqual({id: item.id, status: "discarded"});
});

test("of what is long gone only the server knows, as soon as it can be asked", async () => {
    const [device, receipts] = await opened();
    const replies = [NO_NETWORK, page(502), json({results: [result("old", "accepted")]}), json({results: [result("old")]})];
    device.server.sessions = () => replies.shift();
    const settled = receipts.settled("old");
    for (let i = 0; i < 10; i += 1) {
        await settle();
        await vi.advanceTimersByTimeAsync(60_000);
    }
    expect(await settled).toMatchObject({status: "applied"});
    expect(device.server.calls).toHaveLength(4);
    expect(device.server.calls[0]).toMatchObject({
        url: "https://site.test/bgsync/v1/items/?id=old", headers: {"BGSync-Owner": "A"},
    });
});

test("the server is asked no more often after the owner has changed", async () => {
    const [device, receipts] = await opened();
    device.server.sessions = () => json({results: [result("old", "accepted")]});
    void receipts.settled("old");
    for (let i = 0; i < 5; i += 1) {
        await settle();
        receipts.hear({type: "owner"});
    }
    await settle();
    expect(device.server.calls).toHaveLength(1);
});

test("what nobody knows is said to be unknown", async () => {
    const [device, receipts] = await opened();
    device.server.sessions = () => json({results: []});
    expect(await receipts.settled("never")).toMatchObject({status: "deferred", code: "unknown_item"});
});
