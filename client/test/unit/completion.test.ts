import {beforeEach, describe, expect, test, vi} from "vitest";

import {keptPage} from "../../src/shared/pages/caches";
import type {Notice} from "../../src/shared/vocabulary/notices";
import {completion} from "../../src/worker-parts/completion/completion";
import type {WorkerConfig} from "../../src/worker/core";
import type {WorkerScope} from "../../src/worker/scope";
import {startWorker} from "../../src/worker/start";
import {FakeCacheStorage} from "./support/cache-storage";
import {FakeContext} from "./support/device";
import {FakeLocks} from "./support/locks";
import {until} from "./support/page";
import {FakeServer, json, page, result} from "./support/server";

const NOTICE: Notice = {title: "It is online", body: "Your post", url: "https://site.test/posts/7/"};
const CONFIG: WorkerConfig = {
    base: "/bgsync/", csrfCookie: "csrftoken", csrfHeader: "X-CSRFToken", maxAge: 1e9, lifecycle: true, version: "v", scope: "/shop/",
    parts: [completion],
};

class FakeWindow {
    readonly focus = vi.fn(async () => this);
    readonly navigate = vi.fn(async (_url: string): Promise<FakeWindow | null> => this);

    constructor(readonly url: string, readonly visibilityState: "visible" | "hidden" = "hidden") {}
}

class FakeScope extends EventTarget {
    readonly location = {origin: "https://site.test"};
    readonly navigator = {locks: new FakeLocks().asLockManager()};
    windows: FakeWindow[] = [];
    readonly clients = {matchAll: async () => this.windows, openWindow: vi.fn(async () => null)};
    readonly registration = {showNotification: vi.fn(async (_title: string, _options: NotificationOptions) => undefined)};
    readonly server = new FakeServer();
    fetch = this.server.fetch;

    async dispatch(type: string, members: object): Promise<void> {
        const waits: Promise<unknown>[] = [];
        this.dispatchEvent(Object.assign(new Event(type), {waitUntil: (work: Promise<unknown>) => waits.push(work), ...members}));
        await Promise.all(waits);
    }

    get shown() {
        return this.registration.showNotification.mock.calls;
    }
}

let scope: FakeScope;
let device: FakeContext;

beforeEach(async () => {
    scope = new FakeScope();
    vi.stubGlobal("caches", new FakeCacheStorage());
    device = await new FakeContext(scope.server).signedIn();
    startWorker(scope as unknown as WorkerScope, {...CONFIG});
});

const sync = () => scope.dispatch("sync", {tag: "bgsync:post", lastChance: false});

describe("an item that wants to be told of", () => {
    test("is, when it has been applied and nobody looks at a page of the site", async () => {
        const {id} = await device.write({notify: NOTICE});
        await sync();
        const options = {body: "Your post", tag: `bgsync:${id}`, data: {bgsync: 1, url: "https://site.test/posts/7/"}};
        expect(scope.shown).toEqual([["It is online", options]]);
    });

    test("is not while a page is in front", async () => {
        scope.windows = [new FakeWindow("https://site.test/", "hidden"), new FakeWindow("https://site.test/", "visible")];
        await device.write({notify: NOTICE});
        await sync();
        expect(scope.shown).toEqual([]);
    });

    test("is not when it was refused: the text says otherwise", async () => {
        await device.write({notify: NOTICE});
        scope.server.deliveries = ({envelope}) => json(scope.server.answer(envelope.items.map(({id}) => result(id, "rejected"))));
        await sync();
        expect(scope.shown).toEqual([]);
    });

    test("leads to the start of the site without a page of its own, and never to another site", async () => {
        await device.write({notify: {title: "Done"}});
        await device.write({notify: {title: "Evil", url: "https://evil.test/"}});
        await sync();
        const urls = scope.shown.map(([, options]) => (options.data as {url: string}).url);
        expect(urls).toEqual(["https://site.test/shop/", "https://site.test/shop/"]);
    });

    test("that a page in the background has settled is told of by the worker", async () => {
        await scope.dispatch("message", {data: {bgsync: 1, type: "notify", id: "7", notify: NOTICE}, ports: []});
        expect(scope.shown).toMatchObject([["It is online", {tag: "bgsync:7"}]]);
    });

    test("is applied all the same where notifications are not allowed", async () => {
        scope.registration.showNotification.mockRejectedValue(new TypeError("No permission"));
        await device.write({notify: NOTICE});
        await sync();
        expect(await device.stored()).toEqual([]);
    });
});

describe("a click", () => {
    const click = async (data: object | null = {bgsync: 1, url: NOTICE.url}) => {
        const notification = {data, close: vi.fn()};
        await scope.dispatch("notificationclick", {notification});
        return notification.close;
    };

    test("brings the page to the front where it is open already", async () => {
        scope.windows = [new FakeWindow("https://site.test/"), new FakeWindow(NOTICE.url!)];
        expect(await click()).toHaveBeenCalled();
        expect(scope.windows[1]!.focus).toHaveBeenCalled();
        expect(scope.windows[0]!.navigate).not.toHaveBeenCalled();
    });

    test("opens it in a window that is there", async () => {
        scope.windows = [new FakeWindow("https://site.test/")];
        await click();
        expect(scope.windows[0]!.focus).toHaveBeenCalled();
        expect(scope.windows[0]!.navigate.mock.calls).toEqual([[NOTICE.url]]);
        expect(scope.clients.openWindow).not.toHaveBeenCalled();
    });

    test("opens a new one where that window cannot be sent there", async () => {
        scope.windows = [new FakeWindow("https://site.test/")];
        scope.windows[0]!.navigate.mockRejectedValue(new TypeError("Not controlled"));
        await click();
        expect(scope.clients.openWindow.mock.calls).toEqual([[NOTICE.url]]);
    });

    test("opens a new one where there is none", async () => {
        await click();
        expect(scope.clients.openWindow.mock.calls).toEqual([[NOTICE.url]]);
    });

    test.each([null, {url: "/theirs/"}])("on a notification of the site's own is not ours: %j", async (data) => {
        expect(await click(data)).not.toHaveBeenCalled();
        expect(scope.clients.openWindow).not.toHaveBeenCalled();
    });
});

describe("pages that a result names", () => {
    const naming = (paths: unknown) => {
        scope.server.deliveries = ({envelope}) => (
            json(scope.server.answer(envelope.items.map(({id}) => result(id, "applied", {result: {cache: paths} as never}))))
        );
    };

    test("are kept for the owner before anybody hears of the result", async () => {
        naming(["/articles/7/"]);
        const order: string[] = [];
        scope.server.requests = () => (order.push("page"), page(200, "Article 7"));
        scope.registration.showNotification.mockImplementation(async () => void order.push("notification"));
        await device.write({notify: NOTICE});
        await sync();
        expect(order).toEqual(["page", "notification"]);
        expect(await (await keptPage("A", "https://site.test/articles/7/"))!.text()).toBe("Article 7");
        expect(await keptPage("B", "https://site.test/articles/7/")).toBeUndefined();
    });

    test.each([
        ["somebody else's", () => void (scope.server.owner = "B")],
        ["nobody knows whose", () => void (scope.server.sessions = () => new TypeError("Failed to fetch"))],
    ])("are not kept if the session has meanwhile become %s", async (_name, change) => {
        naming(["/articles/7/"]);
        scope.server.requests = () => (change(), page(200, "of B"));
        const {id} = await device.write();
        await sync();
        expect(await keptPage("A", "https://site.test/articles/7/")).toBeUndefined();
        expect(await device.item(id)).toBeUndefined();
    });

    test("that cannot be had undo nothing", async () => {
        naming(["/articles/7/"]);
        scope.server.requests = () => new TypeError("Failed to fetch");
        await device.write();
        await sync();
        expect(await device.stored()).toEqual([]);
    });

    test.each([["/articles/7/"], {}, null, 7].map((paths) => [paths]))("are a list of paths, and nothing else: %j", async (paths) => {
        naming(paths === null ? "x" : Array.isArray(paths) ? [7, null, "//evil.test/"] : paths);
        await device.write();
        await sync();
        expect(await device.stored()).toEqual([]);
        expect(scope.server.passed).toEqual([]);
    });
});

describe("what the server has only accepted", () => {
    beforeEach(() => {
        vi.useFakeTimers({toFake: ["setTimeout", "clearTimeout", "Date"]});
        return () => vi.useRealTimers();
    });

    /** The server accepts, and has applied it when it has been asked `after` times. */
    async function accepted(after: number, notify?: Notice): Promise<void> {
        await device.write({...(notify && {notify})});
        let asked = 0;
        scope.server.deliveries = ({envelope: {items, awaiting}}) => {
            if (items.length) return json(scope.server.answer(items.map(({id}) => result(id, "accepted"))));
            asked += 1;
            return json({...scope.server.answer([]), settled: awaiting.map((id) => result(id, asked < after ? "accepted" : "applied"))});
        };
    }

    async function ended(work: Promise<unknown>): Promise<string> {
        let how = "";
        work.then(() => (how = "resolved"), () => (how = "rejected"));
        while (!how) {
            await until(() => new Promise((resume) => setImmediate(() => resume(true))));
            await vi.advanceTimersByTimeAsync(100);
        }
        return how;
    }

    test("is asked for until it can be told of", async () => {
        await accepted(3, NOTICE);
        expect(await ended(sync())).toBe("resolved");
        expect(scope.shown).toHaveLength(1);
        expect(await device.stored()).toEqual([]);
    });

    test("is left to the browser's next try after a minute", async () => {
        await accepted(1000, NOTICE);
        const before = Date.now();
        expect(await ended(sync())).toBe("rejected");
        expect(Date.now() - before).toBeLessThanOrEqual(61_000);
        expect((await device.device()).failed_tags).toEqual(["bgsync:post"]);
    });

    test("is asked for in the browser's next try, with nothing left to send", async () => {
        await accepted(8, NOTICE);
        await ended(sync());
        const before = scope.server.envelopes.length;
        expect(await ended(sync())).toBe("resolved");
        expect(scope.server.envelopes.length).toBeGreaterThan(before);
        expect(scope.shown).toHaveLength(1);
    });

    test("keeps no worker awake if nobody is to be told", async () => {
        await accepted(1000);
        expect(await ended(sync())).toBe("resolved");
        expect(scope.server.envelopes).toHaveLength(1);
    });
});
