import {beforeEach, describe, expect, test, vi} from "vitest";

import {eventOf} from "../../src/page/api";
import {Announcer, type Announcement} from "../../src/shared/outbox/messages";
import {opened, record} from "./support/api";
import {FakePage, until} from "./support/page";
import {json, result} from "./support/server";

let page: FakePage;

beforeEach(() => {
    page = new FakePage();
    vi.stubGlobal("navigator", {onLine: true});
});

test("enqueue, send, settle", async () => {
    const [bgsync] = await opened();
    const events = record(bgsync, "queued", "sent", "settled");
    const receipt = await bgsync.enqueue("post", {text: "hi"});
    expect(receipt.state).toBe("queued");
    expect(await receipt.settled).toMatchObject({status: "applied"});
    const {id} = receipt;
    expect(events.map(({type, detail}) => [type, detail as unknown])).toEqual([
        ["queued", {id, tag: "post", lane: ""}],
        ["sent", {id, tag: "post", lane: "", result: result(id)}],
        ["settled", {id, tag: "post", lane: "", result: result(id)}],
    ]);
});

test("what could not be saved is not said to be", async () => {
    const [bgsync, device] = await opened();
    const events = record(bgsync, "queued", "change");
    await expect(bgsync.enqueue("post", () => 1)).rejects.toMatchObject({code: "not_serializable"});
    await expect(bgsync.enqueue("post", "x".repeat(300_000))).rejects.toMatchObject({code: "too_large"});
    expect(events).toEqual([]);
    expect(await device.states()).toEqual([]);
});

test("items can be looked at", async () => {
    const [bgsync, device] = await opened();
    const [first] = await device.writeMany(3);
    const {id} = await device.write({tag: "order", lane: "orders", payload: {n: 1}});
    expect(await bgsync.get(id)).toEqual({
        id, tag: "order", lane: "orders", seq: 4, state: "queued", payload: {n: 1}, files: [],
        createdAt: "2026-11-20T10:00:00.000Z", sendCount: 0, result: null,
    });
    expect(await bgsync.get("nothing")).toBeNull();
    expect(await bgsync.list()).toHaveLength(4);
    expect((await bgsync.list({tag: "post", limit: 1})).map((item) => item.id)).toEqual([first]);
    expect((await bgsync.list({lane: "orders"})).map((item) => item.id)).toEqual([id]);
    expect(await bgsync.list({lane: ""})).toMatchObject([{id: first, lane: ""}, {seq: 2}, {seq: 3}]);
    expect(await bgsync.list({state: "parked"})).toEqual([]);
    expect(await bgsync.counts()).toMatchObject({queued: 4, pending: 4});
});

test("a parked item can be tried again", async () => {
    const [bgsync, device] = await opened();
    device.server.deliveries = ({envelope: {items}}, number) => (
        number === 1 ? json(device.server.answer([result(items[0]!.id, "rejected")])) : undefined
    );
    const events = record(bgsync, "parked");
    const {id, settled} = await bgsync.enqueue("post", {});
    expect(await settled).toMatchObject({status: "rejected"});
    expect(events).toMatchObject([{detail: {id, result: {status: "rejected"}}}]);
    expect(await bgsync.retry(id)).toMatchObject({id, state: "queued"});
    expect(await bgsync.settled(id)).toMatchObject({status: "applied"});
    expect(device.server.envelopes[1]!.items).toMatchObject([{id, retry: 1, send_count: 2}]);
});

test("an item can be discarded before it is sent", async () => {
    const [bgsync, device] = await opened();
    const {id} = await device.write();
    const settled = bgsync.settled(id);
    await bgsync.discard(id);
    expect(await settled).toEqual({id, status: "discarded"});
    expect(await bgsync.list()).toEqual([]);
});

test("idle waits for what is under way, and not for what is parked", async () => {
    const [bgsync, device] = await opened();
    await bgsync.idle();
    const {id} = await device.write({lane: "orders"});
    let isIdle = false;
    const idle = bgsync.idle().then(() => (isIdle = true));
    await bgsync.idle({lane: "other"});
    device.server.deliveries = () => json(device.server.answer([result(id, "rejected")]));
    expect(isIdle).toBe(false);
    await bgsync.flush();
    await idle;
});

describe("the connection", () => {
    test("is what the last exchange says", async () => {
        const [bgsync, , reach] = await opened();
        const events = record(bgsync, "connection");
        reach.hear("stranger");
        expect(bgsync.connection).toBe("unreachable");
        reach.hear("nobody");
        reach.hear("server");
        expect(bgsync.connection).toBe("online");
        expect(events).toHaveLength(2);
    });

    test("is offline when the browser says so too", async () => {
        const [bgsync, , reach] = await opened();
        vi.stubGlobal("navigator", {onLine: false});
        reach.hear("nobody");
        expect(bgsync.connection).toBe("offline");
        page.dispatch("online");
        expect(bgsync.connection).toBe("online");
        page.dispatch("offline");
        expect(bgsync.connection).toBe("offline");
    });
});

describe("contexts hear of each other", () => {
    test("while their channels are open", async () => {
        const heard: string[] = [];
        const here = new Announcer(({type}) => heard.push(`here ${type}`));
        const there = new Announcer(({type}) => heard.push(`there ${type}`));
        here.open();
        there.open();
        here.announce({type: "change"});
        await until(() => heard.length === 2);
        expect(heard).toEqual(["here change", "there change"]);
        here.close();
        here.announce({type: "owner"});
        here.open();
        here.announce({type: "change"});
        await until(() => heard.length === 5);
        expect(heard.slice(2)).toEqual(["here owner", "here change", "there change"]);
        here.close();
        there.close();
    });
});

test("what is replaced settles as superseded", async () => {
    const [bgsync, device] = await opened();
    device.server.deliveries = () => "hang";
    vi.stubGlobal("navigator", {onLine: false});
    device.server.sessions = () => "hang";
    const events = record(bgsync, "settled");
    const first = await bgsync.enqueue("note", 1, {coalesceKey: "7"});
    const second = await bgsync.enqueue("note", 2, {coalesceKey: "7"});
    expect(await first.settled).toEqual({id: first.id, status: "superseded"});
    expect(events.map(({detail}) => detail as unknown)).toMatchObject([{id: first.id, result: {status: "superseded"}}]);
    expect((await bgsync.list()).map(({id}) => id)).toEqual([second.id]);
});

test("what a newer release announces in another tab is no event of this one", () => {
    for (const announcement of [{type: "invented-later", item: {}}, {type: "owner"}, {}]) {
        expect(eventOf(announcement as Announcement)).toBeNull();
    }
});
