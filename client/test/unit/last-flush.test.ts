import {beforeEach, expect, test} from "vitest";

import {Unsent} from "../../src/page/unsent";
import {LastFlush} from "../../src/page-parts/engine/last-flush";
import {changeDevice} from "../../src/shared/rows/device";
import {FakeContext} from "./support/device";
import {settle, until} from "./support/page";
import {NO_NETWORK, page} from "./support/server";

let unsent: Unsent;

beforeEach(() => void (unsent = new Unsent()));

async function leaving(drafts: {lane?: string; text?: string}[]): Promise<[FakeContext, LastFlush, string[]]> {
    const device = await new FakeContext().signedIn();
    const ids = [];
    for (const {lane = "", text = "hi"} of drafts) {
        const item = await device.write({lane, payload: text, bytes: text.length + 2});
        unsent.add(item);
        ids.push(item.id);
    }
    const lastFlush = new LastFlush(device.runtime, device.session, unsent);
    await until(() => (lastFlush as unknown as {head: unknown}).head);
    return [device, lastFlush, ids];
}

test("what is left goes out with the page, before it waits for anything", async () => {
    const [device, lastFlush, ids] = await leaving([{}, {}]);
    lastFlush.run("token");
    expect(device.server.calls).toMatchObject([{
        init: {keepalive: true, redirect: "manual"}, headers: {"X-CSRFToken": "token"},
        envelope: {owner: "A", trigger: "enqueue", items: [{id: ids[0], send_count: 1}, {id: ids[1], send_count: 1}]},
    }]);
    await until(async () => !(await device.states()).length);
    expect(device.heard("settled")).toHaveLength(2);
});

test("its body stays within what browsers allow", async () => {
    const [device, lastFlush] = await leaving(Array(10).fill({text: "x".repeat(10_000)}));
    lastFlush.run("token");
    expect(device.server.sent[0]!.length).toBe(5);
    expect((device.server.calls[0]!.init.body as string).length).toBeLessThan(60_000);
});

test("a browser without keepalive for it gets an ordinary request", async () => {
    const [device, lastFlush] = await leaving([{}]);
    device.server.deliveries = ({init}) => (init.keepalive ? NO_NETWORK : undefined);
    lastFlush.run("token");
    await until(async () => !(await device.states()).length);
    expect(device.server.calls.map(({init}) => init.keepalive)).toEqual([true, false]);
});

test("an answer that is no verdict changes nothing", async () => {
    const [device, lastFlush] = await leaving([{}]);
    device.server.deliveries = () => page();
    lastFlush.run("token");
    await until(async () => (await device.states())[0] === "sending");
    device.server.deliveries = () => undefined;
    await device.flush();
    expect(await device.states()).toEqual([]);
});

test("items of a lane stay behind, and so does what has been sent", async () => {
    const [device, lastFlush, ids] = await leaving([{lane: "orders"}, {}]);
    unsent.hear({type: "sent", item: {id: ids[1]!, aliases: [], tag: "post", lane: ""}, result: {} as never});
    lastFlush.run("token");
    expect(device.server.calls).toEqual([]);
});

test("another owner's page sends nothing of the one before", async () => {
    const [device, lastFlush] = await leaving([{}]);
    unsent.hear({type: "owner"});
    lastFlush.run("token");
    expect(device.server.calls).toEqual([]);
});

test("a server that has asked for time gets it", async () => {
    const [device, lastFlush] = await leaving([{}]);
    await device.runtime.db.write((tx) => changeDevice(tx, {not_before: device.now + 60_000}));
    lastFlush.hear({type: "reached", reached: "server"});
    await until(() => (lastFlush as unknown as {notBefore: number}).notBefore);
    lastFlush.run("token");
    expect(device.server.calls).toEqual([]);
});

test("while nothing gets through, nothing is sent: it could no longer be taken back", async () => {
    const device = await new FakeContext().signedIn();
    device.server.deliveries = device.server.sessions = () => NO_NETWORK;
    await device.session.run();
    unsent.add(await device.write());
    const lastFlush = new LastFlush(device.runtime, device.session, unsent);
    await settle();
    device.server.calls.length = 0;
    lastFlush.run("token");
    expect(device.server.calls).toEqual([]);
    expect(await device.stored()).toMatchObject([{send_count: 0}]);
});
