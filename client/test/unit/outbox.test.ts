import {describe, expect, test, vi} from "vitest";

import {discard, retry} from "../../src/page-parts/engine/choices";
import {readDraft} from "../../src/page/draft";
import {changeDevice, type Device} from "../../src/shared/rows/device";
import {put} from "../../src/shared/rows/items";
import {promised} from "../../src/shared/rows/promised";
import type {StoredItem} from "../../src/shared/rows/schema";
import {FakeContext, START} from "./support/device";
import {result} from "./support/server";

async function change(device: FakeContext, id: string, changes: Partial<StoredItem>): Promise<void> {
    const item = await device.item(id);
    await device.runtime.db.write((tx) => put(tx, {...item, ...changes}));
}

function park(device: FakeContext, id: string, status: "rejected" | "expired" | "conflict", code: string): Promise<void> {
    return change(device, id, {state: "parked", send_count: 1, result: result(id, status, {code})});
}

describe("an item", () => {
    test("is written with everything it needs to be sent", async () => {
        const device = await new FakeContext().signedIn();
        const item = await device.write({lane: "x"});
        expect(await device.stored()).toEqual([item]);
        expect(item).toMatchObject({
            owner: "A", tag: "post", lane: "x", state: "queued", created_at: START, send_count: 0, retry: 0,
        });
    });

    test("keeps its place whatever the clock does", async () => {
        const device = new FakeContext();
        const ids = await device.writeMany(20);
        device.now -= 3_600_000;
        ids.push(...(await device.writeMany(20)));
        expect((await device.outbox.list()).map(({id}) => id)).toEqual(ids);
        expect([...ids].sort()).toEqual(ids);
    });

    test("has an id that no restart with a clock set back makes lower than what the server has seen", async () => {
        const device = await new FakeContext().signedIn();
        const {id} = await device.write();
        device.now += 1_000;
        await device.flush();
        const restarted = new FakeContext();
        restarted.now = START - 3_600_000;
        expect((await restarted.write()).id > id).toBe(true);
    });

    test("is all that is written: one row, committed once", async () => {
        const device = await new FakeContext().signedIn();
        const put = vi.spyOn(IDBObjectStore.prototype, "put");
        const commit = vi.spyOn(IDBTransaction.prototype, "commit");
        await device.write();
        expect(put).not.toHaveBeenCalled();
        expect(commit).toHaveBeenCalledTimes(1);
        vi.restoreAllMocks();
    });

    test("is in no index that it is not looked for in", async () => {
        const device = await new FakeContext().signedIn();
        await device.outbox.add(readDraft("post", {text: "hi"}, {lane: ""}));
        const found = await device.runtime.db.read(async (tx) => {
            const items = tx.objectStore("items") as unknown as IDBObjectStore;
            const counts = [...items.indexNames].map(async (name) => [name, await promised(items.index(name).count())] as const);
            return (await Promise.all(counts)).filter(([, count]) => count).map(([name]) => name);
        });
        expect(found).toEqual(["id", "state_owner"]);
    });

    test("has an id on the server's clock", async () => {
        const device = new FakeContext();
        await device.runtime.db.write((tx) => changeDevice(tx, {clock: 10_000}));
        const {id} = await device.write();
        expect(parseInt(id.replace("-", "").slice(0, 12), 16)).toBe(START + 10_000);
    });

    test("is refused when it is larger than the server allows", async () => {
        const device = new FakeContext();
        await expect(device.write({bytes: 262_145})).rejects.toMatchObject({code: "too_large"});
        expect(await device.states()).toEqual([]);
    });
});

describe("an item of a page that has seen the device before", () => {
    async function write(changes: Partial<Device>): Promise<{device: FakeContext; first: StoredItem; second: StoredItem}> {
        const device = await new FakeContext().signedIn();
        const first = await device.write();
        await device.runtime.db.write((tx) => changeDevice(tx, changes));
        device.now += 5_000;
        return {device, first, second: await device.write()};
    }

    test("waits for nothing before it is written", async () => {
        const device = await new FakeContext().signedIn();
        await device.write();
        const asked: string[] = [];
        for (const name of ["get", "add", "put"] as const) {
            const ask = IDBObjectStore.prototype[name] as (this: IDBObjectStore, ...rest: unknown[]) => IDBRequest;
            vi.spyOn(IDBObjectStore.prototype, name).mockImplementation(function spied(this: IDBObjectStore, ...rest: unknown[]) {
                asked.push(name);
                const request = ask.apply(this, rest);
                request.addEventListener("success", () => asked.push(`${name} is done`));
                return request;
            });
        }
        await device.write();
        vi.restoreAllMocks();
        expect(asked).toEqual(["get", "add", "get is done", "add is done"]);
    });

    test.each<[string, Partial<Device>]>([
        ["another owner", {owner: "B"}],
        ["the server's clock", {clock: 40_000, answered_at: START + 40_000, answers: 7}],
        ["an id that is higher", {last_id: "ffffffff-0000-7000-8000-000000000000"}],
    ])("is put right where another context has learned %s", async (_what, changes) => {
        const {device, first, second} = await write(changes);
        const fresh = await new FakeContext(device.server, {now: () => device.now}).write();
        const {id, seq, ...rest} = fresh;
        expect(second).toEqual({...rest, id: second.id, seq: first.seq + 1});
        expect([seq, await device.stored()]).toEqual([first.seq + 2, [first, second, fresh]]);
        expect(second.id > first.id && second.id.slice(0, 13) === id.slice(0, 13)).toBe(true);
    });

    test("is refused where another context has learned that it is too large", async () => {
        const device = await new FakeContext().signedIn();
        const first = await device.write();
        const {limits} = await device.device();
        await device.runtime.db.write((tx) => changeDevice(tx, {limits: {...limits, max_item_bytes: 12}}));
        await expect(device.write()).rejects.toMatchObject({code: "too_large"});
        expect(await device.stored()).toEqual([first]);
    });
});

describe("trying a parked item again", () => {
    test.each(["invalid", "dead", "forbidden", "conflict"])("%s: the same item, one retry more", async (code) => {
        const device = new FakeContext();
        const {id} = await device.write();
        await park(device, id, "rejected", code);
        expect(await retry(device.runtime, id)).toMatchObject({id, retry: 1, state: "queued", result: null});
    });

    test.each([["expired", "expired"], ["expired", "id_too_old"]] as const)("%s, %s: a copy", async (status, code) => {
        const device = new FakeContext();
        const {id} = await device.write();
        await park(device, id, status, code);
        device.now += 5_000;
        const copy = await retry(device.runtime, id);
        expect(copy.id > id).toBe(true);
        expect(copy).toMatchObject({aliases: [id], created_at: START + 5_000, send_count: 0, retry: 0, state: "queued"});
        expect(await device.outbox.get(id)).toEqual(copy);
    });

    test.each(["payload_mismatch", "discarded"])("never %s", async (code) => {
        const device = new FakeContext();
        const {id} = await device.write();
        await park(device, id, "rejected", code);
        await expect(retry(device.runtime, id)).rejects.toMatchObject({code: "not_retryable"});
    });

    test("nor what is not parked, or not there", async () => {
        const device = new FakeContext();
        const {id} = await device.write();
        await expect(retry(device.runtime, id)).rejects.toMatchObject({code: "not_retryable"});
        await expect(retry(device.runtime, "nothing")).rejects.toMatchObject({code: "not_retryable"});
    });
});

describe("discarding", () => {
    test("takes away what was never sent, and says so to whoever asks", async () => {
        const device = new FakeContext();
        const {id} = await device.write();
        await discard(device.runtime, id);
        expect(await device.states()).toEqual([]);
        expect(await device.outbox.settlement(id)).toEqual({id, status: "discarded"});
    });

    test("takes away what is parked", async () => {
        const device = new FakeContext();
        const {id} = await device.write();
        await park(device, id, "rejected", "invalid");
        await discard(device.runtime, id);
        expect(await device.states()).toEqual([]);
    });

    test.each<Partial<StoredItem>>([{uncertain: true}, {state: "accepted"}, {state: "sending", uncertain: true}])(
        "is too late for %j", async (changes) => {
            const device = new FakeContext();
            const {id} = await device.write();
            await change(device, id, changes);
            await expect(discard(device.runtime, id)).rejects.toMatchObject({code: "already_sent"});
            expect(await device.states()).toHaveLength(1);
        },
    );

    test("what is not there is no error", async () => {
        expect(await discard(new FakeContext().runtime, "nothing")).toBeUndefined();
    });
});

test("nothing of another owner is shown", async () => {
    const device = await new FakeContext().signedIn();
    const {id} = await device.write();
    await park(device, id, "rejected", "invalid");
    const gone = await device.write();
    await discard(device.runtime, gone.id);
    await device.runtime.db.write((tx) => changeDevice(tx, {owner: "B"}));

    expect(await device.outbox.list()).toEqual([]);
    expect(await device.outbox.get(id)).toBeUndefined();
    expect(await device.outbox.counts()).toMatchObject({parked: 0, pending: 0});
    expect(await device.outbox.settlement(id)).toBe("open");
    expect(await device.outbox.settlement(gone.id)).toBeUndefined();
    expect(await discard(device.runtime, id)).toBeUndefined();
    await expect(retry(device.runtime, id)).rejects.toMatchObject({code: "not_retryable"});
});

test("pending counts what the server has not got", async () => {
    const device = new FakeContext();
    const [, sending, blocked, accepted, parked] = await device.writeMany(5);
    await change(device, sending!, {state: "sending"});
    await change(device, blocked!, {state: "blocked"});
    await change(device, accepted!, {state: "accepted"});
    await change(device, parked!, {state: "parked"});
    expect(await device.outbox.counts())
        .toEqual({queued: 1, sending: 1, blocked: 1, accepted: 1, parked: 1, pending: 3});
});

describe("how an item ended is remembered", () => {
    test("for seven days", async () => {
        const device = new FakeContext();
        const [first, second] = await device.writeMany(2);
        await discard(device.runtime, first!);
        device.now += 7 * 24 * 3_600_000;
        await discard(device.runtime, second!);
        expect(await device.outbox.settlement(first!)).toBeUndefined();
        expect(await device.outbox.settlement(second!)).toMatchObject({status: "discarded"});
    });

    test("for the last 500 items", async () => {
        const device = new FakeContext();
        await device.runtime.db.write(async (tx) => {
            for (let i = 0; i < 500; i += 1) {
                const id = `r${i}`;
                await tx.objectStore("results").put({id, owner: "", settled_at: START - 500 + i, settlement: {id, status: "discarded"}});
            }
        });
        const {id} = await device.write();
        await discard(device.runtime, id);
        expect(await device.outbox.settlement("r0")).toBeUndefined();
        expect(await device.outbox.settlement("r1")).toBeDefined();
        expect(await device.outbox.settlement(id)).toBeDefined();
    });
});
