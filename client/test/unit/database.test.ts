import {forceCloseDatabase} from "fake-indexeddb";
import {describe, expect, test, vi} from "vitest";

import {Database} from "../../src/shared/rows/database";
import {changeDevice, readDevice} from "../../src/shared/rows/device";
import {promised} from "../../src/shared/rows/promised";
import {DATABASE} from "../../src/shared/rows/schema";
import {FakeContext} from "./support/device";
import {until} from "./support/page";

test("a new device gets its client id once", async () => {
    const first = await new Database().read(readDevice);
    const second = await new Database().read(readDevice);
    expect(first.client).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    expect(second.client).toBe(first.client);
});

test("an outbox that a newer release has written is opened as it is", async () => {
    const device = new FakeContext();
    const {id} = await device.write();
    (await (device.runtime.db as unknown as {handle: Promise<IDBDatabase>}).handle).close();
    const opening = indexedDB.open(DATABASE, 99);
    opening.onupgradeneeded = () => opening.result.createObjectStore("later");
    const newer = await promised(opening);
    newer.close();

    const opened = new FakeContext();
    expect((await opened.outbox.get(id))?.payload).toEqual({text: "hi"});
    await opened.write();
    expect(await opened.states()).toEqual(["queued", "queued"]);
});

test("a row keeps what it does not know", async () => {
    const {runtime} = new FakeContext();
    await runtime.db.write((tx) => changeDevice(tx, {owner: "A"}));
    await runtime.db.write((tx) => changeDevice(tx, {later: true} as object));
    expect(await runtime.db.read(readDevice)).toMatchObject({owner: "A", later: true});
});

test("a handle that was lost is opened again", async () => {
    const device = new FakeContext();
    await device.write();
    await (await handleOf(device.runtime.db)).close();
    await device.write();
    expect(await device.states()).toEqual(["queued", "queued"]);
});

test("a handle that the browser has taken away is opened again", async () => {
    const device = new FakeContext();
    await device.write();
    const handle = await handleOf(device.runtime.db);
    vi.spyOn(handle, "transaction").mockImplementation(() => {
        throw new DOMException("Connection to Indexed Database server lost", "UnknownError");
    });
    await device.write();
    expect(await device.states()).toEqual(["queued", "queued"]);
    expect(await handleOf(device.runtime.db)).not.toBe(handle);
});

test("a handle whose end the browser announces is not used again", async () => {
    const device = new FakeContext();
    await device.write();
    const handle = await handleOf(device.runtime.db);
    const used = vi.spyOn(handle, "transaction");
    forceCloseDatabase(handle as never);
    await until(() => !handleOf(device.runtime.db));
    await device.write();
    expect(used).not.toHaveBeenCalled();
    expect(await device.states()).toEqual(["queued", "queued"]);
});

test("what was being written when a newer version comes is written", async () => {
    const device = new FakeContext();
    await device.write();
    const writing = device.writeMany(3);
    const newer = await promised(indexedDB.open(DATABASE, 99));
    newer.close();
    await writing;
    expect(await device.states()).toHaveLength(4);
});

test("a newer version is let in, and work goes on", async () => {
    const device = new FakeContext();
    await device.write();
    const newer = await promised(indexedDB.open(DATABASE, 99));
    newer.close();
    await device.write();
    expect(await device.states()).toEqual(["queued", "queued"]);
});

test("a commit that fails is no commit", async () => {
    const device = new FakeContext();
    const enqueueing = device.runtime.db.write(async (tx) => {
        await tx.objectStore("results").put({id: "r", owner: "", settled_at: 1, settlement: {id: "r", status: "discarded"}});
        throw new RangeError("thought better of it");
    });
    await expect(enqueueing).rejects.toThrow("thought better of it");
    expect(await device.runtime.db.read((tx) => promised(tx.objectStore("results").count()))).toBe(0);
});

test("a write that nobody has waited for takes the others along where it fails", async () => {
    const device = new FakeContext();
    const item = await device.write();
    const {seq: _, ...again} = (await device.stored())[0]!;
    await expect(device.runtime.db.write((tx) => {
        tx.objectStore("results").put({id: "r", owner: "", settled_at: 1, settlement: {id: "r", status: "discarded"}});
        tx.objectStore("items").add(again as never);
    })).rejects.toMatchObject({name: "ConstraintError"});
    expect((await device.stored()).map(({id}) => id)).toEqual([item.id]);
    expect(await device.runtime.db.read((tx) => promised(tx.objectStore("results").count()))).toBe(0);
});

test("writes ask for strict durability", async () => {
    const asked = vi.spyOn(IDBDatabase.prototype, "transaction");
    await new FakeContext().write();
    expect(asked.mock.calls.filter(([, mode]) => mode === "readwrite").map(([, , options]) => options))
        .toEqual([{durability: "strict"}]);
    asked.mockRestore();
});

describe("storage that fails is a typed error", () => {
    function failing(name: string): FakeContext {
        const device = new FakeContext();
        vi.spyOn(IDBObjectStore.prototype, "add").mockImplementation(() => {
            throw new DOMException("not today", name);
        });
        return device;
    }

    test.each([
        ["QuotaExceededError", "quota_exceeded"],
        ["UnknownError", "storage_unavailable"],
        ["InvalidStateError", "storage_unavailable"],
    ])("%s is %s", async (name, code) => {
        const device = failing(name);
        await expect(device.write()).rejects.toMatchObject({code});
        vi.restoreAllMocks();
        expect(await device.states()).toEqual([]);
    });

    test("what was refused for lack of room is counted", async () => {
        const device = failing("QuotaExceededError");
        await expect(device.write()).rejects.toMatchObject({code: "quota_exceeded", name: "QuotaExceededError"});
        await expect(device.write()).rejects.toMatchObject({code: "quota_exceeded"});
        vi.restoreAllMocks();
        expect((await device.device()).dropped).toEqual({quota: 2});
    });

    test("so is what was too large, and the next delivery says so", async () => {
        const device = await new FakeContext().signedIn();
        await expect(device.write({bytes: 300_000})).rejects.toMatchObject({code: "too_large"});
        await device.write();
        await device.flush();
        expect(device.server.envelopes[0]!.client.outbox.dropped).toEqual({too_large: 1});
    });

    test("without IndexedDB at all", async () => {
        vi.stubGlobal("indexedDB", undefined);
        await expect(new FakeContext().write()).rejects.toMatchObject({code: "storage_unavailable"});
    });

    test("where opening is forbidden", async () => {
        vi.stubGlobal("indexedDB", {open: () => {
            throw new DOMException("no", "SecurityError");
        }});
        await expect(new FakeContext().write()).rejects.toMatchObject({code: "storage_unavailable"});
    });
});

function handleOf(db: Database): Promise<IDBDatabase> {
    return (db as unknown as {handle: Promise<IDBDatabase>}).handle;
}
