import {beforeEach, describe, expect, test, vi} from "vitest";

import {isDue, isPermitted, type NetworkInformation} from "../../src/shared/feeds/conditions";
import {findFeed, makeRoom, MAX_BYTES, MAX_FEED_BYTES, MAX_FEED_ITEMS, putFeed, storePage} from "../../src/shared/rows/feed-rows";
import {promised} from "../../src/shared/rows/promised";
import type {FeedPage, Trigger} from "../../src/shared/vocabulary/protocol";
import {QuotaExceededError} from "../../src/shared/vocabulary/errors";
import {FakeContext, START} from "./support/device";
import {change, FakeFeed, feed, ids, pull, WANTED} from "./support/feeds";

let device: FakeContext;

beforeEach(async () => {
    device = await new FakeContext().signedIn();
});

async function store(page: Partial<FeedPage>, owner = "A", name = "news"): Promise<void> {
    const whole: FeedPage = {
        bgsync: 1, feed: name, owner, min_interval: 60, items: [], deleted: [], cursor: null, more: false, reset: false, cache: [], ...page,
    };
    await device.runtime.db.write(async (tx) => storePage(tx, await findFeed(tx, owner, name), whole));
}

/** A feed that says it has so many bytes. */
async function fill(owner: string, name: string, bytes: number, pulled_at: number): Promise<void> {
    await store({items: [{id: name}]}, owner, name);
    await device.runtime.db.write(async (tx) => {
        const row = await findFeed(tx, owner, name);
        putFeed(tx, {...row, pulled_at, live: {...row.live, bytes}, registration: WANTED});
    });
}

describe("a feed", () => {
    test("has room for so many items: the first to come go first", async () => {
        await store({items: Array.from({length: MAX_FEED_ITEMS}, (_, id) => ({id}))});
        await store({items: [{id: 0, text: "again"}, {id: "new"}, {id: "newer"}]});
        const found = await ids(device);

        expect([found.length, found.slice(0, 2), found.at(-1)]).toEqual([MAX_FEED_ITEMS, [2, 3], "newer"]);
    });

    test("has room for so many bytes", async () => {
        const text = "ü".repeat(MAX_FEED_BYTES / 8);
        await store({items: [1, 2, 3, 4, 5].map((id) => ({id, text}))});

        expect(await ids(device)).toEqual([3, 4, 5]);
        expect((await feed(device)).live.bytes).toBeLessThanOrEqual(MAX_FEED_BYTES);
    });

    test("is one of many of its owner", async () => {
        await store({items: [{id: 1}]});
        await store({items: [{id: 2}]}, "A", "offers");
        await store({items: [{id: 3}]}, "B");

        expect([await ids(device), await ids(device, "A", "offers"), await ids(device, "B")]).toEqual([[1], [2], [3]]);
    });
});

describe("all feeds together have room for so many bytes", () => {
    const room = (most = MAX_BYTES) => device.runtime.db.write(async (tx) => makeRoom(tx, await findFeed(tx, "A", "news"), most));
    const left = async () => (await device.runtime.db.read((tx) => promised(tx.objectStore("feed_items").getAll()))).map(({owner, name}) => owner + name);

    beforeEach(async () => {
        await fill("A", "news", 4, 3);
        await fill("A", "old", 4, 1);
        await fill("A", "new", 4, 2);
        await fill("B", "theirs", 4, 9);
    });

    test("and nothing goes as long as they fit", async () => {
        expect(await room(16)).toBe(false);

        expect(await left()).toHaveLength(4);
    });

    test.each([
        [15, ["Anew", "Anews", "Aold"]],
        [11, ["Anew", "Anews"]],
        [7, ["Anews"]],
        [0, ["Anews"]],
    ])("others' go first, then those pulled longest ago, never the one at hand: %d", async (most, expected) => {
        expect(await room(most)).toBe(true);

        expect(await left()).toEqual(expected);
    });

    test("and what goes is pulled from the beginning when it is its turn", async () => {
        await room(7);

        expect(await feed(device, "A", "old")).toMatchObject({cursor: null, registration: WANTED, pulled_at: 1, live: {count: 0, bytes: 0}});
    });

    test("and is looked after with each page", async () => {
        await change(device, {live: {generation: 0, next: 1, count: 1, bytes: MAX_BYTES - 32}}, "new");
        await pull(device, {}, new FakeFeed(device).add(1).name);

        expect(await left()).toEqual(["Anew", "Anews", "Aold"]);
    });
});

describe("where the browser has no room left", () => {
    test("other feeds make some", async () => {
        await fill("B", "theirs", 4, 9);
        new FakeFeed(device).add(1);
        const {write} = device.runtime.db;
        vi.spyOn(device.runtime.db, "write").mockImplementationOnce(() => Promise.reject(new QuotaExceededError(null)))
            .mockImplementation((work) => write.call(device.runtime.db, work) as Promise<never>);
        expect(await pull(device)).toBe("updated");

        expect([await ids(device), await ids(device, "B", "theirs")]).toEqual([[1], []]);
    });

    test("the caller is told", async () => {
        new FakeFeed(device).add(1);
        const {write} = device.runtime.db;
        vi.spyOn(device.runtime.db, "write").mockImplementationOnce(() => Promise.reject(new QuotaExceededError(null)))
            .mockImplementation((work) => write.call(device.runtime.db, work) as Promise<never>);
        await expect(pull(device)).rejects.toMatchObject({code: "quota_exceeded"});

        expect(await ids(device)).toEqual([]);
    });
});

describe("a registered feed is pulled", () => {
    const HOUR = 3_600_000;
    const row = {
        owner: "A", name: "news", cursor: null, live: {generation: 0, next: 0, count: 0, bytes: 0}, staged: null, pulled_at: START,
        is_partial: false, failures: 0, next_try: 0, not_before: 0, min_interval: 0, paths: [], registration: {...WANTED, min_interval: 100 * HOUR},
    };
    const due = (changes: object, after: number, trigger: Trigger = "load") => isDue({...row, ...changes}, START + after, trigger);

    test.each<[string, object, number, boolean]>([
        ["not before its page's interval is over", {}, 89 * HOUR, false],
        ["a little before it is: the browser counts from elsewhere", {}, 91 * HOUR, true],
        ["not before the server's is", {min_interval: 200 * HOUR}, 179 * HOUR, false],
        ["when both are over", {min_interval: 200 * HOUR}, 181 * HOUR, true],
        ["at once if it never was", {pulled_at: 0}, 0, true],
        ["at once if something is missing", {is_partial: true}, 0, true],
        ["at once if a page of the site is missing", {paths: ["/"]}, 0, true],
        ["not while the server wants to be left alone", {pulled_at: 0, not_before: START + 1}, 0, false],
        ["by the clock only if that was not set back", {}, -1, true],
        ["not if nobody has asked for it", {registration: null, pulled_at: 0}, 0, false],
    ])("%s", (_, changes, after, expected) => {
        expect(due(changes, after)).toBe(expected);
    });

    test("not by the timer before its backoff is over, but when something has changed", () => {
        const failed = {pulled_at: 0, next_try: START + 1};
        expect([due(failed, 0, "timer"), due(failed, 1, "timer"), due(failed, 0, "online")]).toEqual([false, true, true]);
    });

    test.each<[NetworkInformation | undefined, object, boolean]>([
        [undefined, {network: "unmetered"}, true],
        [{}, {network: "unmetered"}, true],
        [{type: "unknown"}, {network: "unmetered"}, true],
        [{type: "wifi"}, {network: "unmetered"}, true],
        [{type: "cellular"}, {network: "unmetered"}, false],
        [{type: "cellular"}, {network: "any"}, true],
        [{type: "wifi", saveData: true}, {}, false],
        [{type: "wifi", saveData: true}, {even_on_save_data: true}, true],
        [{type: "cellular", saveData: true}, {network: "unmetered", even_on_save_data: true}, false],
    ])("on a network that it wants: %j, %j", (connection, changes, expected) => {
        expect(isPermitted({...WANTED, ...changes}, connection)).toBe(expected);
    });

    test("by what this browser says of its network", () => {
        vi.stubGlobal("navigator", {connection: {saveData: true}});

        expect(isPermitted(WANTED)).toBe(false);
    });
});
