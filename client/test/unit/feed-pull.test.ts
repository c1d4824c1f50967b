import {beforeEach, describe, expect, test, vi} from "vitest";

import {forgetPages, keptPage} from "../../src/shared/pages/caches";
import {Database} from "../../src/shared/rows/database";
import {changeDevice} from "../../src/shared/rows/device";
import {leave} from "../../src/page-parts/engine/leaving";
import {promised} from "../../src/shared/rows/promised";
import {FakeCacheStorage} from "./support/cache-storage";
import {FakeContext, START} from "./support/device";
import {change, FakeFeed, feed, ids, pull, WANTED} from "./support/feeds";
import {json, NO_NETWORK, page, problem} from "./support/server";

let device: FakeContext;
let news: FakeFeed;

beforeEach(async () => {
    vi.stubGlobal("caches", new FakeCacheStorage());
    device = await new FakeContext().signedIn();
    news = new FakeFeed(device);
});

describe("a pull", () => {
    test("brings all pages, one after another, and says so once", async () => {
        news.add(1, 2, 3, 4, 5, 6, 7);
        expect(await pull(device)).toBe("updated");

        expect(await ids(device)).toEqual([1, 2, 3, 4, 5, 6, 7]);
        expect(news.asked).toEqual(["", "?cursor=3", "?cursor=6"]);
        expect(device.heard("feed")).toEqual([{type: "feed", name: "news"}]);
        expect(await feed(device)).toMatchObject({pulled_at: START, is_partial: false, min_interval: 3_600_000});
    });

    test("says who asks, why and how often it wanted to", async () => {
        await change(device, {registration: {...WANTED, min_interval: 43_200_400}});
        await pull(device, {trigger: "periodicsync"});

        const {client} = await device.device();
        const {headers, url} = device.server.calls[0]!;
        expect(url).toBe("https://site.test/bgsync/v1/feeds/news/");
        expect(headers).toMatchObject({"BGSync-Client": `${client};trigger=periodicsync;min-interval=43200`, "BGSync-Owner": "A"});
    });

    test("asks for what is new since the last one", async () => {
        await pull(device);
        news.add(1, 2);
        await pull(device);
        news.add(3);
        device.now += 1_000;
        expect(await pull(device)).toBe("updated");
        expect(await pull(device)).toBe("unchanged");

        expect(news.asked).toEqual(["", "?cursor=0", "?cursor=2", "?cursor=3"]);
        expect(await ids(device)).toEqual([1, 2, 3]);
        expect((await feed(device)).pulled_at).toBe(START + 1_000);
    });

    test("takes out what is deleted and puts what comes again into its place, whether ids are numbers or text", async () => {
        news.add(1, 2, 3);
        await pull(device);
        news.remove("2", 99).add("1", 4);
        await pull(device);

        expect(await ids(device)).toEqual(["1", 3, 4]);
        expect((await feed(device)).live).toMatchObject({count: 3});
    });

    test("counts the bytes that are there", async () => {
        news.add(1, 2, 3).remove(1, 2).add(3);
        await pull(device);

        expect((await feed(device)).live).toMatchObject({count: 1, bytes: JSON.stringify({id: 3, text: "number 3"}).length});
    });

    test("that is cut off goes on where it stopped", async () => {
        news.add(1, 2, 3, 4, 5, 6, 7);
        const {feeds} = device.server;
        device.server.feeds = (call) => (news.asked.length === 2 ? NO_NETWORK : feeds(call));
        expect(await pull(device)).toBe("unreachable");
        expect(await ids(device)).toEqual([1, 2, 3, 4, 5, 6]);
        expect(await feed(device)).toMatchObject({is_partial: true, pulled_at: 0, failures: 1});
        expect(device.heard("feed")).toHaveLength(1);

        device.server.feeds = feeds;
        expect(await pull(device)).toBe("updated");
        expect(news.asked).toEqual(["", "?cursor=3", "?cursor=6"]);
        expect(await ids(device)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    });

    test("stops at a feed that has more for ever, and goes on with it the next time", async () => {
        news.extra = {more: true};
        expect(await pull(device)).toBe("unreachable");

        expect(news.asked).toHaveLength(200);
        expect((await feed(device)).is_partial).toBe(true);
    });

    test("is not made again by who has waited for another one", async () => {
        await change(device, {registration: WANTED});
        const isWanted = ({pulled_at}: {pulled_at: number}) => pulled_at === 0;
        expect(await Promise.all([pull(device, {isWanted}), pull(device, {isWanted})])).toEqual(["unchanged", "unchanged"]);

        expect(news.asked).toHaveLength(1);
    });

    test("by two contexts without a lock stores each page once", async () => {
        const first = await new FakeContext(undefined, {locks: undefined}).signedIn();
        const feeds = new FakeFeed(first).add(1, 2, 3, 4, 5);
        await Promise.all([pull(first), pull(first)]);

        expect(await ids(first)).toEqual([1, 2, 3, 4, 5]);
        expect((await feed(first)).live).toMatchObject({count: 5, next: 5});
        expect(feeds.asked.length).toBeGreaterThan(2);
    });
});

describe("a reset", () => {
    test("replaces everything as soon as the last page has come, and not before", async () => {
        news.add(1, 2, 3, 4);
        await pull(device);
        const seen: unknown[] = [];
        news.log.length = 0;
        news.add(5, 6, 7, 8, 9);
        await change(device, {cursor: null});
        const {feeds} = device.server;
        device.server.feeds = (call) => {
            void ids(device).then((found) => seen.push(found));
            return feeds(call);
        };
        await pull(device);

        expect(seen).toEqual([[1, 2, 3, 4], [1, 2, 3, 4]]);
        expect(await ids(device)).toEqual([5, 6, 7, 8, 9]);
        expect(await device.runtime.db.read((tx) => promised(tx.objectStore("feed_items").count()))).toBe(5);
    });

    test("that is cut off leaves what was there, and goes on", async () => {
        news.add(1, 2, 3);
        await pull(device);
        news.extra = {reset: true};
        news.add(4, 5, 6, 7, 8, 9);
        const {feeds} = device.server;
        device.server.feeds = (call) => {
            if (call.url.endsWith("cursor=6")) return NO_NETWORK;
            const answer = feeds(call);
            news.extra = {};
            return answer;
        };
        await pull(device);
        expect(await ids(device)).toEqual([1, 2, 3]);

        device.server.feeds = feeds;
        await pull(device);
        expect(await ids(device)).toEqual([4, 5, 6, 7, 8, 9]);
    });

    test("that begins anew halfway forgets what it had collected", async () => {
        news.add(1);
        await pull(device);
        news.size = 1;
        news.add(2, 3);
        news.extra = {reset: true};  // each page of it
        await pull(device);

        expect(await ids(device)).toEqual([3]);
        expect(await device.runtime.db.read((tx) => promised(tx.objectStore("feed_items").count()))).toBe(1);
    });

    test("with nothing in it empties the feed", async () => {
        news.add(1);
        await pull(device);
        news.extra = {reset: true};
        expect(await pull(device)).toBe("unchanged");

        expect(await ids(device)).toEqual([]);
    });

    test("comes of a cursor that the feed does not know any more", async () => {
        news.add(1, 2);
        await pull(device);
        await change(device, {cursor: "old"});
        const {feeds} = device.server;
        device.server.feeds = (call) => (call.url.includes("old") ? problem(400, "invalid_cursor") : feeds(call));
        news.log.shift();
        expect(await pull(device)).toBe("updated");

        expect(await ids(device)).toEqual([2]);
    });

    test("is not asked for again and again", async () => {
        device.server.feeds = () => problem(400, "invalid_cursor");
        expect(await pull(device)).toBe("unreachable");

        expect(device.server.calls).toHaveLength(2);
    });
});

describe("nothing is stored", () => {
    test.each([
        ["of a captive portal", () => page()],
        ["of a login page that claims to be ours", () => new Response("<html>", {headers: {"X-BGSync": "1", "Content-Type": "text/html"}})],
        ["of JSON without our header", () => new Response(JSON.stringify(news.page(null)), {headers: {"Content-Type": "application/json"}})],
        ["of a redirect", () => new Response(null, {status: 302})],
        ["of half an answer", () => new Response('{"bgsync": 1, "items": [', {headers: {"X-BGSync": "1", "Content-Type": "application/json"}})],
        ["of another feed", () => json({...news.page(null), feed: "other"})],
        ["of items without ids", () => json({...news.page(null), items: [{text: "x"}]})],
        ["of no items", () => json({...news.page(null), items: null})],
        ["of our errors", () => problem(503, "unavailable")],
    ])("%s", async (_, answer) => {
        device.server.feeds = answer;
        expect(await pull(device)).toBe("unreachable");

        expect(await ids(device)).toEqual([]);
        expect(await feed(device)).toMatchObject({pulled_at: 0, cursor: null, failures: 1});
        expect(device.heard("feed")).toEqual([]);
    });

    test("under another owner than the one it is for", async () => {
        news.add(1);
        device.server.feeds = () => json({...news.page(null), owner: "B"});
        expect(await pull(device)).toBe("unchanged");

        expect([await ids(device), await ids(device, "B")]).toEqual([[], []]);
    });

    test("of somebody else's who has come meanwhile, even if the server sends it", async () => {
        news.add(1);
        device.server.feeds = () => {
            void device.runtime.db.write((tx) => changeDevice(tx, {owner: "B"}));
            return json({...news.page(null), owner: "B"});
        };
        expect(await pull(device)).toBe("blocked");

        expect([await ids(device), await ids(device, "B")]).toEqual([[], []]);
    });

    test("for an owner who has left while it came", async () => {
        news.add(1);
        const {feeds} = device.server;
        device.server.feeds = (call) => {
            const answer = feeds(call);
            void device.runtime.db.write((tx) => leave(tx, false));
            return answer;
        };
        expect(await pull(device)).toBe("blocked");

        expect(await device.runtime.db.read((tx) => promised(tx.objectStore("feeds").count()))).toBe(0);
    });
});

describe("a pull waits quietly", () => {
    test.each([
        [401, "not_authenticated"], [403, "permission_denied"], [409, "wrong_owner"],
    ])("for another session, at %d", async (status, code) => {
        device.server.feeds = () => problem(status, code);
        expect(await pull(device)).toBe("blocked");

        expect(device.told).toEqual([]);
    });

    test("for an operator, and asks no more", async () => {
        device.server.feeds = () => problem(401, "client_revoked");
        expect(await pull(device)).toBe("blocked");
        expect(await pull(device)).toBe("blocked");

        expect(device.server.calls).toHaveLength(1);
        expect((await device.device()).isRevoked).toBe(true);
    });

    test("while nobody is signed in", async () => {
        await device.runtime.db.write((tx) => leave(tx, false));
        expect(await pull(device)).toBe("blocked");

        expect(device.server.calls).toEqual([]);
    });

    test("as long as the server has asked for", async () => {
        device.server.feeds = () => problem(429, "throttled", {}, "60");
        expect(await pull(device)).toBe("unreachable");
        device.now += 59_000;
        expect(await pull(device)).toBe("unreachable");
        expect(device.server.calls).toHaveLength(1);

        device.now += 1_000;
        device.server.feeds = (call) => news.answer(call);
        expect(await pull(device)).toBe("unchanged");
    });

    test("with what has no feed any more: its registration is forgotten, what was read stays", async () => {
        news.add(1);
        await pull(device);
        await change(device, {registration: WANTED});
        device.server.feeds = () => problem(404, "unknown_feed");
        expect(await pull(device)).toBe("unknown");

        expect((await feed(device)).registration).toBeNull();
        expect(await ids(device)).toEqual([1]);
    });
});

describe("pages that a feed names", () => {
    const kept = async (path: string, owner = "A") => (await keptPage(owner, `https://site.test${path}`))?.text();

    beforeEach(() => {
        news.add(1).cache = ["/news/1/"];
        device.server.requests = () => new Response("the article");
    });

    test("are kept before the feed is said to be there", async () => {
        let atThatTime: unknown;
        device.server.requests = () => {
            atThatTime = device.heard("feed");
            return new Response("the article");
        };
        await pull(device);

        expect([atThatTime, await kept("/news/1/"), device.heard("feed").length]).toEqual([[], "the article", 1]);
        expect((await feed(device)).paths).toEqual([]);
    });

    test("are fetched again the next time when nobody answered", async () => {
        device.server.requests = () => NO_NETWORK;
        expect(await pull(device)).toBe("updated");
        expect(await feed(device)).toMatchObject({paths: ["/news/1/"], pulled_at: START});

        news.cache = [];
        device.server.requests = () => new Response("the article");
        await pull(device);
        expect([await kept("/news/1/"), (await feed(device)).paths]).toEqual(["the article", []]);
    });

    test("are thrown away when the session has changed meanwhile: they may be somebody else's", async () => {
        device.server.requests = () => {
            device.server.owner = "B";
            return new Response("B's article");
        };
        expect(await pull(device)).toBe("blocked");

        expect([await kept("/news/1/"), await kept("/news/1/", "B")]).toEqual([undefined, undefined]);
    });

    test("are not trusted as long as nobody says whose session it was", async () => {
        device.server.sessions = () => NO_NETWORK;
        await pull(device);

        expect((await feed(device)).paths).toEqual(["/news/1/"]);
    });

    test("are gone when their owner has left while they came", async () => {
        device.server.requests = () => {
            void device.runtime.db.write((tx) => leave(tx, false)).then(() => forgetPages("A"));
            return new Response("the article");
        };
        device.server.sessions = () => json({...device.server.answer([]), bgsync: 1, authenticated: false, owner: null, csrf_token: ""});
        expect(await pull(device)).toBe("blocked");

        expect(await kept("/news/1/")).toBeUndefined();
        expect(await device.runtime.db.read((tx) => promised(tx.objectStore("feeds").count()))).toBe(0);
    });
});

test("a server that asked for a minute by a clock that was years ahead is asked again", async () => {
    const years = 3 * 365 * 24 * 3_600_000;
    news.add(1);
    const {feeds} = device.server;
    device.now += years;
    device.server.feeds = () => problem(503, "unavailable", {}, "60");
    expect(await pull(device)).toBe("unreachable");
    device.server.feeds = feeds;
    device.now -= years - 3_600_000;
    expect(await pull(device)).toBe("updated");
});

test("a worker, too, makes room where the browser has none left", async () => {
    device = await new FakeContext(undefined, {context: "worker", db: new Database()}).signedIn();
    new FakeFeed(device, "old").add(1, 2);
    await pull(device, {}, "old");
    new FakeFeed(device, "news").add(1);
    const {put} = IDBObjectStore.prototype;
    let refusals = 2;  // the database tries once more by itself
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (this: IDBObjectStore, ...args: [unknown, IDBValidKey?]) {
        if ((args[0] as {name?: string}).name === "news" && this.name === "feed_items" && refusals-- > 0) {
            throw new DOMException("full", "QuotaExceededError");
        }
        return put.apply(this, args);
    });
    expect(await pull(device, {}, "news")).toBe("updated");
    vi.restoreAllMocks();
});
