import {afterEach, beforeEach, describe, expect, test, vi} from "vitest";

import {changeDevice} from "../../src/shared/rows/device";
import {put} from "../../src/shared/rows/items";
import type {Runtime} from "../../src/shared/context/runtime";
import {FakeContext} from "./support/device";
import {FakeLocks} from "./support/locks";
import {FakePage, until} from "./support/page";
import {FakeServer} from "./support/server";

/** Several contexts of one browser profile. */
async function contexts(count: number, options: Partial<Runtime> = {}): Promise<FakeContext[]> {
    const locks = new FakeLocks().asLockManager();
    const server = new FakeServer();
    const all = Array.from({length: count}, () => new FakeContext(server, {locks, ...options}));
    await all[0]!.signedIn();
    return all;
}

async function strand(device: FakeContext, leaseUntil: number): Promise<void> {
    const item = await device.write();
    await device.runtime.db.write((tx) => put(tx, {
        ...item, state: "sending", uncertain: true, lease_by: "gone", lease_until: leaseUntil,
    }));
}

test("contexts that flush at once send each item once", async () => {
    const all = await contexts(4);
    const ids = await all[0]!.writeMany(200);
    await Promise.all(all.map((context) => context.flush()));
    const sent = all[0]!.server.sent.flat();
    expect(sent.sort()).toEqual(ids);
});

test("what is written while another context flushes goes with it", async () => {
    const [first, second] = await contexts(2);
    const {id} = await first!.write();
    let late = "";
    first!.server.deliveries = async (_call, number) => {
        if (number > 1) return undefined;
        late = (await second!.write()).id;
        expect(await second!.flush({trigger: "enqueue"})).toBeNull();
        return undefined;
    };
    expect(await first!.flush()).toBe("drained");
    expect(first!.server.sent.flat()).toEqual([id, late]);
});

test("a wish that comes as the lock is let go is not lost", async () => {
    const [first, second] = await contexts(2);
    await first!.write();
    await second!.runtime.db.write((tx) => changeDevice(tx, {dirty: "enqueue"}));
    await first!.flush();
    expect((await first!.device()).dirty).toBeNull();
});

describe("who waits for the lock", () => {
    test("flushes when it is free", async () => {
        const [page, worker] = await contexts(2);
        const ids = await page!.writeMany(2);
        const waiting = worker!.flusher.insist({trigger: "sync", signal: new AbortController().signal});
        await Promise.all([page!.flush(), waiting]);
        expect(await waiting).toBe("drained");
        expect(page!.server.sent).toEqual([ids]);
    });

    test("stands in line anew, where a browser has forgotten it and lets nobody pass", async () => {
        const [page, worker] = await contexts(2);
        await page!.write();
        let waiting: Promise<unknown> | undefined;
        page!.server.deliveries = () => {
            waiting ??= worker!.flusher.insist({trigger: "sync", signal: new AbortController().signal});
            return undefined;
        };
        expect(await page!.flush()).toBe("drained");
        expect(await page!.flush()).toBeNull();
        expect(await waiting).toBe("drained");
        expect(await page!.flush()).toBe("drained");
    });

    test("is told where there is no line to stand in", async () => {
        const request = () => Promise.reject(new DOMException("not fully active", "InvalidStateError"));
        const [worker] = await contexts(1, {locks: {request} as unknown as LockManager});
        const waiting = worker!.flusher.insist({trigger: "sync", signal: new AbortController().signal});
        await expect(waiting).rejects.toThrow("not fully active");
    });

    test("gives up when its time is over", async () => {
        const [page, worker] = await contexts(2, {timeout: 200});
        await page!.write();
        page!.server.deliveries = () => "hang";
        const controller = new AbortController();
        const flushing = page!.flush();
        const waiting = worker!.flusher.insist({trigger: "sync", signal: controller.signal});
        controller.abort();
        expect(await waiting).toBe("aborted");
        await flushing;
    });
});

test("with the lock, what a dead context was sending is sent at once", async () => {
    const [device] = await contexts(1);
    await strand(device!, device!.now + 45_000);
    await device!.flush();
    expect(await device!.states()).toEqual([]);
});

describe("where there are no Web Locks", () => {
    let page: FakePage;
    let storage: Map<string, string>;

    beforeEach(() => {
        page = new FakePage();
        storage = new Map();
        vi.stubGlobal("localStorage", {getItem: (key: string) => storage.get(key) ?? null, setItem: storage.set.bind(storage)});
    });

    afterEach(() => vi.restoreAllMocks());

    /** What a page waits for that is stopped. */
    const stopped = new Promise<never>(() => undefined);

    /** A page that asks the server, and what answers it. */
    async function inTheMiddle(device: FakeContext): Promise<{flushing: Promise<unknown>; answer: () => void}> {
        await device.write();
        let answer!: () => void;
        device.server.deliveries = () => new Promise((resolve) => (answer = () => resolve(undefined)));
        const flushing = device.flush();
        await until(() => device.server.sent.length);
        device.server.deliveries = () => undefined;
        return {flushing, answer};
    }

    test("contexts that flush at once send each item once", async () => {
        const all = await contexts(3, {locks: undefined});
        const ids = await all[0]!.writeMany(150);
        await Promise.all(all.map((context) => context.flush()));
        expect(all[0]!.server.sent.flat().sort()).toEqual(ids);
    });

    test("one by a clock that was years ahead is none", async () => {
        const [device] = await contexts(1, {locks: undefined});
        await strand(device!, device!.now + 3 * 365 * 24 * 3_600_000);
        await device!.flush();
        expect(await device!.states()).toEqual([]);
    });

    test("a dead context's lease runs out", async () => {
        const [device] = await contexts(1, {locks: undefined});
        await device!.write();
        await device!.runtime.db.write((tx) => changeDevice(tx, {lease: {by: "gone", until: device!.now + 45_000}}));
        expect(await device!.flush()).toBeNull();
        device!.now += 45_000;
        expect(await device!.flush()).toBe("drained");
    });

    test("a flush keeps its lease for as long as one request takes", async () => {
        vi.useFakeTimers({toFake: ["setInterval", "clearInterval"]});
        const [first, second] = await contexts(2, {locks: undefined});
        await first!.write();
        let answer!: () => void;
        first!.server.deliveries = () => new Promise((resolve) => (answer = () => resolve(undefined)));
        const flushing = first!.flush();
        await until(() => first!.server.sent.length);
        for (let i = 0; i < 6; i += 1) {
            for (const context of [first!, second!]) context.now += 15_000;
            await vi.advanceTimersByTimeAsync(15_000);
            await until(async () => (await first!.device()).lease.until === first!.now + 45_000);
        }
        expect(await second!.flush()).toBeNull();
        answer();
        expect(await flushing).toBe("drained");
        expect(vi.getTimerCount()).toBe(0);
        vi.useRealTimers();
    });

    test("who has lost the lease sends nothing more", async () => {
        const [frozen, other] = await contexts(2, {locks: undefined});
        await frozen!.write();
        frozen!.server.deliveries = async () => {
            await other!.runtime.db.write((tx) => changeDevice(tx, {lease: {by: "other", until: frozen!.now + 45_000}}));
            await frozen!.write();
            return undefined;
        };
        expect(await frozen!.flush()).toBe("postponed");
        expect(frozen!.server.sent).toHaveLength(1);
    });

    test("a page that is left in the middle of a flush keeps nobody else from sending", async () => {
        const [left, next] = await contexts(2, {locks: undefined});
        const {flushing, answer} = await inTheMiddle(left!);
        expect(await next!.flush()).toBeNull();
        page.window.dispatchEvent(new Event("pagehide"));
        const {id} = await next!.write();
        expect(await next!.flush()).toBe("drained");
        expect(next!.server.sent.at(-1)).toEqual([id]);
        answer();
        await flushing;
        expect(await next!.states()).toEqual([]);
    });

    test("nor one that is left when it has just taken the lease", async () => {
        const [left, next] = await contexts(2, {locks: undefined});
        const write = left!.runtime.db.write.bind(left!.runtime.db);
        vi.spyOn(left!.runtime.db, "write").mockImplementation(async (work) => {
            await write(work);
            page.window.dispatchEvent(new Event("pagehide"));
            return stopped;
        });
        void left!.flush();
        await until(() => storage.get("bgsync:gone"));
        expect((await left!.device()).lease.by).toBe(left!.runtime.instance);
        expect(await next!.flush()).toBe("drained");
    });

    test("nor one that is left before it has given it back", async () => {
        const [left, next] = await contexts(2, {locks: undefined});
        const {answer} = await inTheMiddle(left!);
        vi.spyOn(globalThis, "clearInterval").mockImplementation(() => {
            vi.spyOn(left!.runtime.db, "write").mockReturnValue(stopped);
            queueMicrotask(() => page.window.dispatchEvent(new Event("pagehide")));
        });
        answer();
        await until(() => storage.get("bgsync:gone"));
        expect(await next!.flush()).toBe("drained");
    });

    test("one that has come back is as good as any other", async () => {
        const [back, next] = await contexts(2, {locks: undefined});
        storage.set("bgsync:gone", back!.runtime.instance);
        const {flushing, answer} = await inTheMiddle(back!);
        expect(await next!.flush()).toBeNull();
        answer();
        expect(await flushing).toBe("drained");
        page.window.dispatchEvent(new Event("pagehide"));
        expect(storage.get("bgsync:gone")).toBe("");
    });

    test("where nothing can be said about it the lease runs out", async () => {
        vi.stubGlobal("localStorage", undefined);
        const [left, next] = await contexts(2, {locks: undefined});
        const {flushing, answer} = await inTheMiddle(left!);
        page.window.dispatchEvent(new Event("pagehide"));
        expect(await next!.flush()).toBeNull();
        next!.now += 45_000;
        expect(await next!.flush()).toBe("drained");
        answer();
        await flushing;
    });

    test("a lease from a clock that was set back holds nobody up", async () => {
        const [device] = await contexts(1, {locks: undefined});
        await device!.runtime.db.write((tx) => changeDevice(tx, {lease: {by: "gone", until: device!.now + 3_600_000}}));
        expect(await device!.flush()).toBe("drained");
    });

    test("an item that somebody else may be sending is left to them until their lease is over", async () => {
        const [device] = await contexts(1, {locks: undefined});
        await strand(device!, device!.now + 45_000);
        await device!.flush();
        expect(device!.server.sent).toEqual([]);
        device!.now += 45_000;
        await device!.flush();
        expect(await device!.states()).toEqual([]);
    });
});
