import {beforeEach, describe, expect, test, vi} from "vitest";

import {dropPages, forgetPages, keepPages, keptPage, MAX_PAGES} from "../../src/shared/pages/caches";
import {FakeContext} from "./support/device";
import {FakeCacheStorage} from "./support/cache-storage";
import {NO_NETWORK} from "./support/server";

const SITE = "https://site.test";
const html = (text: string, init: ResponseInit = {}) => new Response(text, {...init, headers: {"Content-Type": "text/html", ...init.headers}});

let storage: FakeCacheStorage;
let asked: {url: string; init: RequestInit}[];
let answers: (url: string) => Response | Error;

beforeEach(() => {
    storage = new FakeCacheStorage();
    vi.stubGlobal("caches", storage);
    asked = [];
    answers = (url) => html(`page ${url}`);
});

function keep(paths: string[], owner = "A", signal?: AbortSignal): Promise<string[]> {
    const {runtime} = new FakeContext();
    runtime.fetch = async (url, init) => {
        asked.push({url, init});
        const answer = answers(url);
        if (answer instanceof Error) throw answer;
        return answer;
    };
    return keepPages(runtime, owner, paths, signal);
}

const text = async (path: string, owner = "A") => (await keptPage(owner, SITE + path))?.text();

test("what is dropped is what was named: a path that is none drops nothing, least of all the page it would be on", async () => {
    await keep(["/news/1/", "/news/2/"]);
    storage.all.get("bgsync:pages:A")!.delete = vi.fn(async () => true);
    await dropPages(new FakeContext().runtime, "A", ["/news/1/", "//evil.test/"]);
    expect(vi.mocked(storage.all.get("bgsync:pages:A")!.delete).mock.calls).toEqual([[`${SITE}/news/1/`]]);
});

describe("pages that the server has named", () => {
    test("are fetched as the user and kept for their owner alone", async () => {
        expect(await keep(["/news/1/?full=1#top"])).toEqual([]);

        expect(asked[0]).toMatchObject({url: `${SITE}/news/1/?full=1`, init: {credentials: "same-origin", redirect: "manual"}});
        expect(await text("/news/1/?full=1")).toBe(`page ${SITE}/news/1/?full=1`);
        expect(await text("/news/1/?full=1", "B")).toBeUndefined();
        expect([...storage.all.keys()]).toEqual(["bgsync:pages:A"]);
    });

    test.each(["https://evil.test/", "//evil.test/", "\\\\evil.test", "news/1/", "javascript:alert(1)", "http://[", ""])("are paths of this site, and not %s", async (path) => {
        expect(await keep([path])).toEqual([]);
        expect(asked).toEqual([]);
    });

    test.each([302, 403, 404])("are not kept when they answer %d, nor asked for again", async (status) => {
        answers = () => html("login", {status});

        expect(await keep(["/news/1/"])).toEqual([]);
        expect(await text("/news/1/")).toBeUndefined();
    });

    test.each([NO_NETWORK, html("", {status: 503}), html("", {status: 429})])("are worth another try when nobody answers", async (answer) => {
        answers = (url) => (url.endsWith("/2/") ? answer : html("there"));

        expect(await keep(["/1/", "/2/", "/3/"])).toEqual(["/2/"]);
        expect([await text("/1/"), await text("/2/"), await text("/3/")]).toEqual(["there", undefined, "there"]);
    });

    test("are left for another time when the worker has none left", async () => {
        const controller = new AbortController();
        controller.abort();

        expect(await keep(["/1/"], "A", controller.signal)).toEqual(["/1/"]);
        expect(asked).toEqual([]);
    });

    test("may vary, since they are looked for by their address", async () => {
        answers = () => html("varies", {headers: {Vary: "*", "Content-Encoding": "gzip"}});
        await keep(["/1/"]);

        expect(await text("/1/")).toBe("varies");
        expect((await keptPage("A", `${SITE}/1/`))!.headers.get("Content-Type")).toBe("text/html");
    });

    test("make room for newer ones", async () => {
        await keep(Array.from({length: MAX_PAGES}, (_, i) => `/${i}/`));
        await keep(["/0/", "/new/"]);

        expect([await text("/0/"), await text("/1/"), await text("/new/")]).toEqual([expect.any(String), undefined, expect.any(String)]);
    });

    test("are not insisted upon where the browser has no room", async () => {
        (await storage.open("bgsync:pages:A")).isFull = true;

        expect(await keep(["/1/"])).toEqual([]);
    });

    test("are forgotten with their owner", async () => {
        await keep(["/1/"]);
        await keep(["/1/"], "B");
        await forgetPages("A");

        expect([await text("/1/"), await text("/1/", "B")]).toEqual([undefined, expect.any(String)]);
    });

    test("cannot be kept on insecure origins", async () => {
        vi.stubGlobal("caches", undefined);

        expect(await keep(["/1/"])).toEqual([]);
        expect(await text("/1/")).toBeUndefined();
        await forgetPages("A");
    });
});
