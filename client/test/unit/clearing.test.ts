import {beforeEach, expect, test, vi} from "vitest";

import {changeDevice} from "../../src/shared/rows/device";
import {put} from "../../src/shared/rows/items";
import type {StoredItem} from "../../src/shared/rows/schema";
import {opened, record} from "./support/api";
import type {FakeContext} from "./support/device";
import {FakePage} from "./support/page";
import {json, result} from "./support/server";

beforeEach(() => {
    new FakePage();
    vi.stubGlobal("navigator", {onLine: true});
});

/** One item in each state, by state. */
async function everyState(device: FakeContext): Promise<Record<StoredItem["state"], string>> {
    const states = ["queued", "sending", "accepted", "blocked", "parked"] as const;
    const ids = {} as Record<StoredItem["state"], string>;
    for (const state of states) {
        const item = await device.write({tag: state});
        const sent = state === "sending" && {send_count: 1, uncertain: true};
        const refused = state === "parked" && {result: result(item.id, "rejected")};
        await device.runtime.db.write((tx) => put(tx, {...item, state, ...sent, ...refused}));
        ids[state] = item.id;
    }
    return ids;
}

test("clear deletes what is parked, and nothing else", async () => {
    const [bgsync, device] = await opened();
    const ids = await everyState(device);
    const events = record(bgsync, "settled", "change");
    expect(await bgsync.clear()).toBe(1);
    expect(await device.states()).toEqual(["queued", "sending", "accepted", "blocked"]);
    expect(events.map(({type}) => type)).toEqual(["settled", "change"]);
    expect(await bgsync.settled(ids.parked)).toEqual({id: ids.parked, status: "discarded"});
});

test("clear with all deletes everything of this owner", async () => {
    const [bgsync, device] = await opened();
    await device.runtime.db.write((tx) => changeDevice(tx, {owner: "B"}));
    const theirs = await device.write();
    await device.runtime.db.write((tx) => changeDevice(tx, {owner: "A"}));
    await everyState(device);
    expect(await bgsync.clear({all: true})).toBe(5);
    expect(await device.stored()).toEqual([theirs]);
});

test("how those ended that the server may hold, only the server can say", async () => {
    const [bgsync, device] = await opened();
    const ids = await everyState(device);
    const waiting = bgsync.settled(ids.sending);
    const never = bgsync.settled(ids.queued);
    device.server.sessions = ({url}) => json({results: [result(url.split("=")[1]!, "applied")]});
    await bgsync.clear({all: true});
    expect(await never).toEqual({id: ids.queued, status: "discarded"});
    expect(await waiting).toMatchObject({status: "applied"});
    expect(await bgsync.settled(ids.accepted)).toMatchObject({status: "applied"});
});

test("a verdict that comes for what was cleared changes nothing", async () => {
    const [bgsync, device] = await opened();
    const {id} = await device.write();
    device.server.deliveries = async () => {
        await bgsync.clear({all: true});
        return json(device.server.answer([result(id, "rejected")]));
    };
    await device.flush();
    expect(await device.states()).toEqual([]);
});

test("an export is data, with everything the user wrote", async () => {
    const [bgsync, device] = await opened();
    await everyState(device);
    const copy = await bgsync.export();
    expect(copy).toEqual({bgsync: 1, exportedAt: "2026-11-20T10:00:00.000Z", items: await bgsync.list()});
    expect(JSON.parse(JSON.stringify(copy))).toEqual(copy);
    expect(copy.items.map(({payload}) => payload)).toEqual(Array(5).fill({text: "hi"}));
    expect(await device.states()).toHaveLength(5);
});
