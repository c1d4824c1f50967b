import {describe, expect, test, vi} from "vitest";

import {discard, retry} from "../../src/page-parts/engine/choices";
import {changeDevice} from "../../src/shared/rows/device";
import {put} from "../../src/shared/rows/items";
import type {StoredItem} from "../../src/shared/rows/schema";
import {FakeContext} from "./support/device";
import {json, NO_NETWORK, result} from "./support/server";

const NOTE = {tag: "note", lane: "notes", coalesce_key: "7"};

async function change(device: FakeContext, id: string, changes: Partial<StoredItem>): Promise<void> {
    const item = await device.item(id);
    await device.runtime.db.write((tx) => put(tx, {...item, ...changes}));
}

describe("an item with a key", () => {
    test("takes the place of the one before it, at the end", async () => {
        const device = await new FakeContext().signedIn();
        const old = await device.write(NOTE);
        const other = await device.write({lane: "notes"});
        const {item, superseded} = await device.outbox.add({...NOTE, payload: "newer", bytes: 7});
        expect(superseded).toEqual([old]);
        expect(await device.stored()).toEqual([other, item]);
        expect(item.id > old.id).toBe(true);
        expect(await device.outbox.settlement(old.id)).toEqual({id: old.id, status: "superseded"});
    });

    test.each<Partial<typeof NOTE> & {owner?: string}>([
        {tag: "other"}, {lane: "other"}, {coalesce_key: "8"}, {owner: "B"},
    ])("has nothing to do with %j", async ({owner, ...draft}) => {
        const device = await new FakeContext().signedIn();
        await device.write({...NOTE, ...draft});
        if (owner) await device.runtime.db.write((tx) => changeDevice(tx, {owner}));
        await device.write(NOTE);
        expect(await device.stored()).toHaveLength(2);
    });

    test.each<Partial<StoredItem>>([{}, {lane: ""}])("outside a lane takes the place of one with %j", async (changes) => {
        const device = await new FakeContext().signedIn();
        const draft = {tag: "note", coalesce_key: "7"};
        const {id} = await device.write(draft);
        await change(device, id, changes);
        const newer = await device.write(draft);
        expect(await device.stored()).toEqual([newer]);
    });

    test("is not mixed with items that have none", async () => {
        const device = await new FakeContext().signedIn();
        await device.writeMany(2, {tag: "note", lane: "notes"});
        await device.write(NOTE);
        expect(await device.stored()).toHaveLength(3);
    });

    test("leaves alone what may have reached the server", async () => {
        const device = await new FakeContext().signedIn();
        const {id} = await device.write(NOTE);
        device.server.deliveries = () => NO_NETWORK;
        await device.flush();
        await device.write(NOTE);
        expect(await device.stored()).toMatchObject([{id, send_count: 1}, {send_count: 0}]);
    });

    test.each<Partial<StoredItem>>([{state: "accepted"}, {state: "parked"}, {state: "sending", send_count: 1}])(
        "leaves alone %j", async (changes) => {
            const device = await new FakeContext().signedIn();
            const {id} = await device.write(NOTE);
            await change(device, id, changes);
            await device.write(NOTE);
            expect(await device.stored()).toHaveLength(2);
        },
    );

    test("replaces what waits for its owner to sign in", async () => {
        const device = await new FakeContext().signedIn();
        const {id} = await device.write(NOTE);
        await change(device, id, {state: "blocked"});
        await device.write(NOTE);
        expect(await device.states()).toEqual(["queued"]);
    });

    test("replaces nothing that may turn out to be somebody else's", async () => {
        const device = await new FakeContext().signedIn();
        const theirs = await device.write(NOTE);
        const [first] = [await device.write({...NOTE, provisional: "page"})];
        const last = await device.write({...NOTE, provisional: "page"});
        expect(first.id).not.toBe(last.id);
        expect(await device.stored()).toEqual([theirs, last]);
    });
});

test("if the new item cannot be written the old one stays", async () => {
    const device = await new FakeContext().signedIn();
    const old = await device.write(NOTE);
    vi.spyOn(IDBObjectStore.prototype, "add").mockImplementation(() => {
        throw new DOMException("not today", "QuotaExceededError");
    });
    await expect(device.write(NOTE)).rejects.toMatchObject({code: "quota_exceeded"});
    vi.restoreAllMocks();
    expect(await device.stored()).toEqual([old]);
    expect(await device.outbox.settlement(old.id)).toBe("open");
});

test("what is too large replaces nothing", async () => {
    const device = await new FakeContext().signedIn();
    const old = await device.write(NOTE);
    await expect(device.write({...NOTE, bytes: 300_000})).rejects.toMatchObject({code: "too_large"});
    expect(await device.stored()).toEqual([old]);
});

test("a lane names the item before the one that is gone", async () => {
    const device = await new FakeContext().signedIn();
    const first = await device.write({lane: "notes"});
    await device.write(NOTE);
    const third = await device.write({lane: "notes"});
    const last = await device.write(NOTE);
    await device.flush();
    expect(device.server.envelopes[0]!.items.map(({id, after}) => [id, after])).toEqual([
        [first.id, null], [third.id, first.id], [last.id, third.id],
    ]);
});

test("a copy that was never sent under its new id is replaced, and settles under both", async () => {
    const device = await new FakeContext().signedIn();
    const {id} = await device.write(NOTE);
    device.server.deliveries = () => json(device.server.answer([result(id, "expired", {code: "expired"})]));
    await device.flush();
    const copy = await retry(device.runtime, id);
    await device.write(NOTE);
    expect(await device.stored()).toHaveLength(1);
    expect(await device.outbox.settlement(id)).toEqual({id: copy.id, status: "superseded"});
});

describe("without a connection", () => {
    async function offline(): Promise<FakeContext> {
        const device = await new FakeContext().signedIn();
        device.server.deliveries = () => NO_NETWORK;
        device.server.sessions = () => NO_NETWORK;
        return device;
    }

    test("only the first item is ever sent: the others can be replaced", async () => {
        const device = await offline();
        for (let i = 0; i < 5; i += 1) {
            await device.write(NOTE);
            await device.flush({trigger: "enqueue"});
        }
        expect((await device.stored()).map(({send_count}) => send_count)).toEqual([1, 0]);
    });

    test("and none where the browser knows it", async () => {
        vi.stubGlobal("navigator", {onLine: false});
        const device = await offline();
        for (let i = 0; i < 5; i += 1) {
            await device.write(NOTE);
            expect(await device.flush()).toBe("failed");
        }
        const [{id}] = await device.stored() as [StoredItem];
        expect(await device.stored()).toMatchObject([{send_count: 0, uncertain: false}]);
        await discard(device.runtime, id);
    });

    test("a browser that is wrong about it does not keep anything back", async () => {
        vi.stubGlobal("navigator", {onLine: false});
        const device = await new FakeContext().signedIn();
        await device.writeMany(150);
        expect(await device.flush()).toBe("drained");
        expect(device.server.calls).toHaveLength(3);
        expect(await device.states()).toEqual([]);
    });

    test("a server that answers questions but takes no deliveries is left alone for longer and longer", async () => {
        const device = await offline();
        device.server.sessions = () => undefined;
        await device.write();
        for (let i = 0; i < 3; i += 1) {
            await device.flush();
            device.now = (await device.device()).next_try;
        }
        expect(await device.device()).toMatchObject({failures: 3});
    });

    test("whoever is signed in when it is back is asked for before anything is sent", async () => {
        const device = await offline();
        await device.write();
        await device.flush();
        device.server.deliveries = device.server.sessions = () => undefined;
        device.server.owner = "B";
        expect(await device.flush()).toBe("drained");
        expect(device.server.envelopes).toHaveLength(1);
        expect(await device.states()).toEqual(["blocked"]);
    });
});
