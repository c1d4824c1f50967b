import {afterEach, beforeEach, describe, expect, test, vi} from "vitest";

import {PageDatabase} from "../../src/page/page-database";
import {Database} from "../../src/shared/rows/database";
import {changeDevice, readDevice} from "../../src/shared/rows/device";
import {promised} from "../../src/shared/rows/promised";
import {DATABASE, type Tx} from "../../src/shared/rows/schema";
import {FakePage, settle, until} from "./support/page";

let page: FakePage;
let db: PageDatabase;
let next: Database;
const freePages = vi.fn();

beforeEach(async () => {
    freePages.mockClear();
    page = new FakePage();
    db = new PageDatabase(freePages);
    next = new Database();
    await next.write((tx) => changeDevice(tx, {owner: ""}));
});

/** Work that never lets its transaction end, and how often it has begun. */
function endless(): {begun: number; work: (tx: Tx) => Promise<void>} {
    const state = {begun: 0, work: async (tx: Tx) => {
        state.begun += 1;
        while (state.begun === 1) await readDevice(tx).then(() => promised(tx.objectStore("meta").count()));
    }};
    return state;
}

test.each(["read", "write"] as const)("a page that is stopped in a %s holds up no other", async (mode) => {
    const {work} = endless();
    void db[mode](work);
    await settle();
    db.stop();
    await next.write((tx) => changeDevice(tx, {owner: "A"}));
    expect((await next.read(readDevice)).owner).toBe("A");
});

test("what it was at starts afresh when it is shown again", async () => {
    const looking = endless();
    const looked = db.read(looking.work);
    await settle();
    db.stop();
    await settle();
    expect(looking.begun).toBe(1);
    page.window.dispatchEvent(new Event("pageshow"));
    await looked;
    expect(looking.begun).toBe(2);
});

test("what begins when it is being stopped begins when it is shown again", async () => {
    await db.read(readDevice);
    const written = db.write((tx) => changeDevice(tx, {owner: "B"}));
    db.stop();
    await settle();
    expect((await next.read(readDevice)).owner).toBe("");
    page.window.dispatchEvent(new Event("pageshow"));
    await written;
    expect((await next.read(readDevice)).owner).toBe("B");
});

test("what is being committed is committed", async () => {
    const known = await db.read(readDevice);
    await db.write((tx) => {
        void tx.objectStore("meta").put({...known, owner: "C"}, "device");
        tx.commit();
        db.stop();
    });
    expect((await next.read(readDevice)).owner).toBe("C");
});

test("a page that was stopped twice goes on twice", async () => {
    for (const owner of ["D", "E"]) {
        db.stop();
        page.window.dispatchEvent(new Event("pageshow"));
        await db.write((tx) => changeDevice(tx, {owner}));
    }
    expect((await next.read(readDevice)).owner).toBe("E");
});

describe("where another context holds the outbox up", () => {
    let release: () => void;

    beforeEach(async () => {
        vi.useFakeTimers({toFake: ["setTimeout", "clearTimeout", "performance"]});
        const holding = endless();
        void next.write(holding.work);
        await until(() => holding.begun);
        release = () => (holding.begun += 1);
    });

    afterEach(() => vi.useRealTimers());

    test("a transaction is given up, asked for once more, and is an error then", async () => {
        const read = vi.fn(readDevice);
        const failed = db.read(read).catch((error: unknown) => error);
        await settle();
        await vi.advanceTimersByTimeAsync(15_000);
        await settle();
        await vi.advanceTimersByTimeAsync(15_000);
        expect(await failed).toMatchObject({code: "storage_unavailable"});
        expect(read).toHaveBeenCalledTimes(2);
        release();
        expect((await db.read(readDevice)).owner).toBe("");
    });

    test("what was given up is not written later", async () => {
        const failed = db.write((tx) => changeDevice(tx, {owner: "F"})).catch((error: unknown) => error);
        for (const _ of [1, 2]) {
            await settle();
            await vi.advanceTimersByTimeAsync(15_000);
        }
        await failed;
        release();
        expect((await next.read(readDevice)).owner).toBe("");
    });

    test("a short while is waited for", async () => {
        const written = db.write((tx) => changeDevice(tx, {owner: "G"}));
        await settle();
        await vi.advanceTimersByTimeAsync(14_000);
        release();
        await written;
        expect((await next.read(readDevice)).owner).toBe("G");
    });
});

test("an outbox that does not open is an error, and is opened when it is asked for again", async () => {
    vi.useFakeTimers({toFake: ["setTimeout", "clearTimeout", "performance"]});
    const hanging = vi.spyOn(indexedDB, "open").mockReturnValue(new EventTarget() as IDBOpenDBRequest);
    const failed = db.read(readDevice).catch((error: unknown) => error);
    for (const _ of [1, 2]) {
        await settle();
        await vi.advanceTimersByTimeAsync(15_000);
    }
    expect(await failed).toMatchObject({code: "storage_unavailable"});
    hanging.mockRestore();
    expect((await db.read(readDevice)).owner).toBe("");
    vi.useRealTimers();
});

describe("in the middle of opening", () => {
    /** A connection that does not go, and a request to begin anew that waits for it. */
    async function hold(): Promise<IDBDatabase> {
        const held = await promised(indexedDB.open(DATABASE));
        await new Promise((resolve) => (indexedDB.deleteDatabase(DATABASE).onblocked = resolve));
        return held;
    }

    beforeEach(() => void vi.useFakeTimers({toFake: ["setTimeout", "clearTimeout", "performance"]}));
    afterEach(() => vi.useRealTimers());

    test("a page that is stopped while it makes the outbox lets another one make it", async () => {
        (await hold()).close();
        const open = indexedDB.open.bind(indexedDB);
        const opened = vi.spyOn(indexedDB, "open").mockImplementationOnce((...names) => {
            const opening = open(...names);
            opening.addEventListener("upgradeneeded", () => {
                const store = opening.result.createObjectStore("endless");
                const again = () => void (store.count().onsuccess = again);
                again();
            });
            return opening;
        });
        const known = db.read(readDevice);
        await until(() => opened.mock.results[0]?.value.transaction);
        expect(db.stop()).toBe(true);
        const {client} = await next.read(readDevice);
        page.window.dispatchEvent(new Event("pageshow"));
        expect((await known).client).toBe(client);
        opened.mockRestore();
    });

    test("one that has only asked says that this cannot be called off", async () => {
        const held = await hold();
        const known = db.read(readDevice);
        await settle();
        expect(db.stop()).toBe(false);
        held.close();
        await known;
        expect(db.stop()).toBe(true);
    });

    test("pages that may hold it up are let go of after a moment, once", async () => {
        const held = await hold();
        const known = db.read(readDevice);
        await vi.advanceTimersByTimeAsync(499);
        expect(freePages).not.toHaveBeenCalled();
        await vi.advanceTimersByTimeAsync(10_000);
        expect(freePages).toHaveBeenCalledTimes(1);
        held.close();
        await known;
    });

    test("and are left alone where it opens at once", async () => {
        await db.read(readDevice);
        await vi.advanceTimersByTimeAsync(10_000);
        expect(freePages).not.toHaveBeenCalled();
    });
});

test("one that begins after a pause has its own time", async () => {
    vi.useFakeTimers({toFake: ["setTimeout", "clearTimeout", "performance"]});
    await db.read(readDevice);
    await vi.advanceTimersByTimeAsync(14_000);
    const looking = endless();
    const looked = db.read(looking.work);
    await until(() => looking.begun);
    await vi.advanceTimersByTimeAsync(14_000);
    await settle();
    expect(looking.begun).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);
    await looked;
    expect(looking.begun).toBe(2);
    vi.useRealTimers();
});

test("many that wait for each other are not given up while one after another ends", async () => {
    vi.useFakeTimers({toFake: ["setTimeout", "clearTimeout", "performance"]});
    const turns = [1, 2, 3].map(() => endless());
    const writing = turns.map(({work}) => db.write(work));
    for (const turn of turns) {
        await until(() => turn.begun);
        await vi.advanceTimersByTimeAsync(10_000);
        turn.begun += 1;
        await settle();
    }
    await Promise.all(writing);
    expect(turns.map(({begun}) => begun)).toEqual([2, 2, 2]);
    vi.useRealTimers();
});
