import {beforeEach, describe, expect, test, vi} from "vitest";

import {keepPages} from "../../src/shared/pages/caches";
import {Offline} from "../../src/worker-parts/offline/offline";
import {Precache} from "../../src/worker-parts/offline/precache";
import type {PrecacheConfig} from "../../src/worker/core";
import type {FetchEvent, WorkerScope} from "../../src/worker/scope";
import {FakeCacheStorage} from "./support/cache-storage";
import {FakeContext} from "./support/device";
import {NO_NETWORK} from "./support/server";

const CONFIG: PrecacheConfig = {version: "1", urls: ["/bgsync/offline/", "/static/offline.css"], offline: "/bgsync/offline/"};

let device: FakeContext;
let storage: FakeCacheStorage;
/** What the site answers, by path; nothing means that nobody does. */
let site: Record<string, Response>;
let fetched: {path: string; credentials: string}[];

beforeEach(async () => {
    device = await new FakeContext(undefined, {context: "worker"}).signedIn();
    vi.stubGlobal("caches", (storage = new FakeCacheStorage()));
    site = {"/bgsync/offline/": new Response("No connection"), "/static/offline.css": new Response("a {}")};
    fetched = [];
    vi.stubGlobal("fetch", reach);
});

async function reach(request: string | Request, init: RequestInit = {}): Promise<Response> {
    const url = new URL(typeof request === "string" ? request : request.url);
    fetched.push({path: url.pathname, credentials: init.credentials ?? (request as Request).credentials});
    const answer = site[url.pathname];
    if (!answer) throw NO_NETWORK;
    return answer.clone();
}

const precache = (config: Partial<PrecacheConfig> = {}) => new Precache(device.runtime, {...CONFIG, ...config});

async function kept(version = "1"): Promise<string[]> {
    return (await (await storage.open(`bgsync:precache:${version}`)).keys()).map(({url}) => new URL(url).pathname);
}

describe("what is kept for pages without a connection", () => {
    test("is fetched without credentials: it is the same for everybody", async () => {
        await precache().fill();
        expect(fetched.map(({credentials}) => credentials)).toEqual(["omit", "omit"]);
        expect(await kept()).toEqual(["/bgsync/offline/", "/static/offline.css"]);
    });

    test.each([
        ["is missing", new Response("", {status: 404})],
        ["breaks", new Response("", {status: 500})],
        ["leads to a login page", Object.defineProperty(new Response("Sign in"), "redirected", {value: true})],
    ])("a file that %s is no reason not to install the worker", async (_name, answer) => {
        vi.stubGlobal("fetch", async (url: string) => url.endsWith(".css") ? answer : reach(url));
        await precache().fill();
        expect(await kept()).toEqual(["/bgsync/offline/"]);
    });

    test("nor is a server that does not answer, or a disk that is full", async () => {
        site = {"/static/offline.css": new Response("a {}")};
        (await storage.open("bgsync:precache:1")).isFull = true;
        await precache().fill();
        expect(await kept()).toEqual([]);
    });

    test("what a server of another release does not have is taken over from the version before", async () => {
        await precache().fill();
        site = {"/bgsync/offline/": new Response("No connection, again")};
        await precache({version: "2"}).fill();
        expect(await kept("2")).toEqual(["/bgsync/offline/", "/static/offline.css"]);
    });

    test("what was missing then is fetched when the new version takes over", async () => {
        const css = site["/static/offline.css"]!;
        site = {"/bgsync/offline/": site["/bgsync/offline/"]!};
        await precache().fill();
        site = {"/static/offline.css": css};
        fetched = [];
        await precache().mend();
        expect(await kept()).toEqual(["/bgsync/offline/", "/static/offline.css"]);
        expect(fetched.map(({path}) => path)).toEqual(["/static/offline.css"]);
    });

    test("versions before go when the new one takes over, and nothing else does", async () => {
        await precache().fill();
        await storage.open("theirs");
        await storage.open("bgsync:pages:A");
        await precache({version: "2"}).dropOthers();
        expect([...storage.all.keys()]).toEqual(["theirs", "bgsync:pages:A"]);
    });

    test("a page that wants none has no cache", async () => {
        await precache({urls: [], offline: null}).fill();
        expect(storage.all.size).toBe(0);
    });
});

describe("a page that is opened", () => {
    const offline = (config?: Partial<PrecacheConfig>) => (
        new Offline({fetch: reach} as unknown as WorkerScope, device.runtime, precache(config))
    );

    function opening(path: string, init: {method?: string; mode?: string; preload?: Response} = {}): FetchEvent {
        const request = new Request(new URL(path, "https://site.test"), {method: init.method ?? "GET"});
        Object.defineProperty(request, "mode", {value: init.mode ?? "navigate"});
        const waitUntil = (work: Promise<unknown>) => void work;
        return {request, preloadResponse: Promise.resolve(init.preload), waitUntil} as unknown as FetchEvent;
    }

    const shown = async (path: string, config?: Partial<PrecacheConfig>) => (await offline(config).page(opening(path))).text();

    test("comes from the network", async () => {
        site["/news/"] = new Response("News");
        await precache().fill();
        expect(await shown("/news/")).toBe("News");
    });

    test("comes from what was asked for while the worker started", async () => {
        const event = opening("/news/", {preload: new Response("Preloaded")});
        expect(await (await offline().page(event)).text()).toBe("Preloaded");
        expect(fetched).toEqual([]);
    });

    test("is the site's own error where the site has answered", async () => {
        site["/news/"] = new Response("Sorry", {status: 500});
        expect((await offline().page(opening("/news/"))).status).toBe(500);
    });

    test("without a connection is the one that says so", async () => {
        await precache().fill();
        site = {};
        expect(await shown("/news/")).toBe("No connection");
    });

    test("that its owner was given to keep is shown first", async () => {
        await precache({urls: [...CONFIG.urls, "/news/"]}).fill();
        site["/news/"] = new Response("News of A");
        await keepPages({...device.runtime, fetch: reach}, "A", ["/news/"]);
        site = {};
        expect(await shown("/news/#top")).toBe("News of A");
    });

    test("that another owner was given to keep is not", async () => {
        await precache().fill();
        site["/news/"] = new Response("News of B");
        await keepPages({...device.runtime, fetch: reach}, "B", ["/news/"]);
        site = {};
        expect(await shown("/news/")).toBe("No connection");
    });

    test("that everybody keeps is shown without a connection", async () => {
        site["/"] = new Response("Start");
        const config = {urls: [...CONFIG.urls, "/"]};
        await precache(config).fill();
        site = {};
        expect(await shown("/", config)).toBe("Start");
    });

    test("is the browser's own error where nothing is kept", async () => {
        site = {};
        await expect(offline().page(opening("/news/"))).rejects.toBe(NO_NETWORK);
    });

    test("is explained even where the outbox cannot be read", async () => {
        await precache().fill();
        site = {};
        vi.spyOn(device.runtime.db, "read").mockRejectedValue(new Error("refused"));
        expect(await shown("/news/")).toBe("No connection");
    });

    test.each<[{method?: string; mode?: string}, boolean]>([
        [{}, true], [{method: "POST"}, false], [{mode: "cors"}, false],
    ])("%j is one: %s", (init, expected) => {
        expect(offline().isPage(opening("/news/", init).request)).toBe(expected);
    });

    test("brings its files with it, from the network as long as there is one", async () => {
        await precache().fill();
        const event = opening("/static/offline.css", {mode: "no-cors"});
        site = {"/static/offline.css": new Response("b {}")};
        expect(await (await offline().asset(event)).text()).toBe("b {}");
        site = {};
        expect(await (await offline().asset(event)).text()).toBe("a {}");
    });

    test("mends what was missing when it was installed", async () => {
        site = {"/static/offline.css": new Response("a {}")};
        await precache().fill();
        expect(await kept()).toEqual(["/static/offline.css"]);
        site = {...site, "/bgsync/offline/": new Response("No connection")};
        await offline().asset(opening("/bgsync/offline/", {mode: "cors"}));
        await vi.waitFor(async () => expect(await kept()).toContain("/bgsync/offline/"));
    });
});
