import {expect, test, vi} from "vitest";

import {changeDevice} from "../../src/shared/rows/device";
import {put} from "../../src/shared/rows/items";
import type {Draft} from "../../src/shared/outbox/outbox";
import {promised} from "../../src/shared/rows/promised";
import {FakeContext} from "./support/device";
import {json, problem, result} from "./support/server";

/** How many items the outbox handed out while `work` ran. */
async function itemsRead(device: FakeContext, work: () => Promise<unknown>): Promise<number> {
    let read = 0;
    const spies = [IDBObjectStore.prototype, IDBIndex.prototype].map((prototype) => {
        const getAll = prototype.getAll;
        return vi.spyOn(prototype, "getAll").mockImplementation(function (this: IDBObjectStore, ...given: unknown[]) {
            const request = (getAll as (...given: unknown[]) => IDBRequest<unknown[]>).apply(this, given);
            request.addEventListener("success", () => (read += request.result.length));
            return request;
        });
    });
    await work();
    for (const spy of spies) spy.mockRestore();
    expect((await device.stored()).length).toBeGreaterThan(0);
    return read;
}

async function full(draft: Partial<Draft> = {}): Promise<FakeContext> {
    const device = await new FakeContext().signedIn();
    const {seq: _, ...item} = await device.write(draft);
    await device.runtime.db.write(async (tx) => {
        for (let i = 0; i < 1_500; i += 1) void tx.objectStore("items").add({...item, id: `item-${i}`} as never);
    });
    return device;
}

test("the first of many items are listed without reading the others", async () => {
    const device = await full();
    const first = () => device.outbox.list(() => true, 20);
    expect(await first()).toHaveLength(20);
    expect(await itemsRead(device, first)).toBeLessThanOrEqual(200);
});

test("all of many items are listed in the order they were written", async () => {
    const device = await full();
    const seqs = (await device.outbox.list()).map(({seq}) => seq);
    expect(seqs).toEqual(Array.from({length: 1_501}, (_, i) => i + 1));
});

test("they are counted without being read", async () => {
    const device = await full();
    expect((await device.outbox.counts()).queued).toBe(1_501);
    expect(await itemsRead(device, () => device.outbox.counts())).toBe(0);
});

test("a flush that nobody answers reads a few deliveries' worth of them", async () => {
    const device = await full();
    device.server.deliveries = () => new TypeError("Failed to fetch");
    device.server.sessions = () => new TypeError("Failed to fetch");
    await device.flush();
    expect(await itemsRead(device, () => device.flush())).toBeLessThan(1_000);
});

test("of a long lane no more is read than a delivery takes", async () => {
    const device = await full({lane: "orders"});
    device.server.deliveries = () => problem(429, "throttled", {}, "30");
    await device.runtime.db.write((tx) => changeDevice(tx, {aged: 1}));
    expect(await itemsRead(device, () => device.flush())).toBeLessThan(1_000);
    expect(device.server.sent[0]).toHaveLength(100);
});

test("what comes after many parked items of its lane is found", async () => {
    const device = await full({lane: "orders"});
    await device.runtime.db.write(async (tx) => {
        for (const item of await promised(tx.objectStore("items").getAll())) {
            put(tx, {...item, state: "parked", result: result(item.id, "rejected")});
        }
    });
    const {id} = await device.write({lane: "orders"});
    device.server.deliveries = ({envelope}) => json(device.server.answer(envelope.items.map((item) => result(item.id))));
    await device.flush();
    expect(device.server.sent).toContainEqual([id]);
});
