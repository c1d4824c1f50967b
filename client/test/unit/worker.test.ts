import {beforeEach, describe, expect, test, vi} from "vitest";

import type {Announcement} from "../../src/shared/outbox/messages";
import {plugIn, type WorkerConfig, type WorkerPart} from "../../src/worker/core";
import type {WorkerScope} from "../../src/worker/scope";
import {startWorker} from "../../src/worker/start";
import {until} from "./support/page";
import {FakeServer} from "./support/server";
import {FakeContext} from "./support/device";
import {FakeLocks} from "./support/locks";

const CONFIG = {base: "/bgsync/", csrfCookie: "csrftoken", csrfHeader: "X-CSRFToken", maxAge: 1e9, lifecycle: true, version: "v2"};

/** As much of a worker's global scope as our code touches. */
class FakeScope extends EventTarget {
    readonly location = {origin: "https://site.test"};
    readonly navigator = {locks: new FakeLocks().asLockManager()};
    readonly clients = {claim: vi.fn(async () => undefined)};
    readonly skipWaiting = vi.fn(async () => undefined);
    server = new FakeServer();
    fetch = this.server.fetch;

    /** What the event was extended by. */
    dispatch(type: string, members: object = {}): Promise<unknown>[] {
        const waits: Promise<unknown>[] = [];
        this.dispatchEvent(Object.assign(new Event(type), {waitUntil: (work: Promise<unknown>) => waits.push(work), ...members}));
        return waits;
    }
}

let scope: FakeScope;

beforeEach(() => void (scope = new FakeScope()));

function started(config: Partial<WorkerConfig> = {}) {
    return startWorker(scope as unknown as WorkerScope, {...CONFIG, ...config});
}

test("parts take turns with pages by the browser's locks", () => {
    const part = vi.fn();
    started({parts: [part]});
    expect(part.mock.calls[0]![0].runtime.locks).toBe(scope.navigator.locks);
});

describe("the lifecycle of the worker", () => {
    test("it takes over at once, and says which version delivers", async () => {
        started();
        await Promise.all([...scope.dispatch("install"), ...scope.dispatch("activate")]);
        expect(scope.skipWaiting).toHaveBeenCalled();
        expect(scope.clients.claim).toHaveBeenCalled();
        await until(async () => (await new FakeContext().device()).worker_version === "v2");
    });

    test("it does not wait for an outbox that somebody holds up: no page would be let in", async () => {
        const holder = indexedDB.open("django-bgsync", 1);
        await new Promise((resolve) => (holder.onsuccess = resolve));
        started();
        await Promise.all(scope.dispatch("activate"));
        expect(scope.clients.claim).toHaveBeenCalled();
        holder.result.close();
    });

    test("with a fetch handler it waits until a page says so", () => {
        started().configure({skipWaiting: false});
        scope.dispatch("install");
        expect(scope.skipWaiting).not.toHaveBeenCalled();
        scope.dispatch("message", {data: {bgsync: 1, type: "update"}});
        expect(scope.skipWaiting).toHaveBeenCalled();
    });

    test("imported into another worker it leaves that to it", () => {
        started({lifecycle: false});
        expect([...scope.dispatch("install"), ...scope.dispatch("activate")]).toEqual([]);
        expect(scope.skipWaiting).not.toHaveBeenCalled();
        expect(scope.clients.claim).not.toHaveBeenCalled();
    });
});

test.each([[true, 1], [false, 0]])("one that keeps requests claims a page that asks for it (its lifecycle is ours: %s)", async (lifecycle, claims) => {
    vi.resetModules();
    vi.stubGlobal("self", {__bgsync: {...CONFIG}});
    await import("../../src/worker-parts/capture/index");
    const {parts} = (self as unknown as {__bgsync: WorkerConfig}).__bgsync;
    vi.unstubAllGlobals();
    started({lifecycle, ...(parts && {parts})});
    scope.dispatch("message", {data: {bgsync: 1, type: "claim"}, source: {id: "a page"}});
    expect(scope.clients.claim).toHaveBeenCalledTimes(claims);
});

test("its parts are started with the core, in the first turn", async () => {
    const part = vi.fn<WorkerPart>();
    const api = started({parts: [part]});
    const [core] = part.mock.calls[0]!;
    expect(core).toMatchObject({scope, runtime: {context: "worker"}, project: {api}});
    const heard: Announcement[] = [];
    core.listen((announcement) => heard.push(announcement));
    core.runtime.announce({type: "change"});
    expect(heard).toEqual([{type: "change"}]);
});

test("a part's bundle leaves the part with the configuration", () => {
    const part = vi.fn<WorkerPart>();
    vi.stubGlobal("self", {__bgsync: {...CONFIG}});
    plugIn(part);
    expect((self as unknown as {__bgsync: WorkerConfig}).__bgsync.parts).toEqual([part]);
});

describe("a message", () => {
    test.each([true, false])("asks who is there (waits: %s)", (waits) => {
        started().configure({skipWaiting: !waits});
        const port = {postMessage: vi.fn()};
        scope.dispatch("message", {data: {bgsync: 1, type: "hello"}, ports: [port]});
        expect(port.postMessage.mock.calls).toEqual([[{bgsync: 1, version: "v2", waits}]]);
    });

    test.each([
        null, "flush", {type: "flush"}, {bgsync: 2, type: "flush"}, {bgsync: 1}, {bgsync: 1, type: "invented-later"},
        {type: "hello", theirs: true},
    ])("that is not ours, or of a later release, is left alone: %j", (data) => {
        started();
        expect(scope.dispatch("message", {data, ports: []})).toEqual([]);
        expect(scope.skipWaiting).not.toHaveBeenCalled();
    });
});

describe("a sync event", () => {
    test("of the outbox is ours", async () => {
        const device = await new FakeContext(scope.server).signedIn();
        await device.write();
        started();
        await Promise.all(scope.dispatch("sync", {tag: "bgsync:post", lastChance: false}));
        expect(scope.server.sent).toHaveLength(1);
    });

    test("of the project is the project's", async () => {
        const handler = vi.fn(async () => undefined);
        started().onSync("their-own", handler);
        const [done] = scope.dispatch("sync", {tag: "their-own", lastChance: false});
        await done;
        expect(handler.mock.calls).toMatchObject([[{tag: "their-own"}]]);
        expect(scope.dispatch("sync", {tag: "somebody-else's"})).toEqual([]);
    });

    test("that is periodic is the project's too", async () => {
        const handler = vi.fn(async () => undefined);
        started().onPeriodicSync("their-own", handler);
        await Promise.all(scope.dispatch("periodicsync", {tag: "their-own"}));
        expect(handler.mock.calls).toMatchObject([[{tag: "their-own"}]]);
        expect(scope.dispatch("periodicsync", {tag: "somebody else's"})).toEqual([]);
    });

    test("uses the headers of the worker's own code", async () => {
        const device = await new FakeContext(scope.server).signedIn();
        await device.write();
        started().configure({headers: () => ({Authorization: "Token secret"})});
        scope.dispatch("sync", {tag: "bgsync:post", lastChance: false});
        await until(() => scope.server.sent.length);
        expect(scope.server.calls.at(-1)!.headers["Authorization"]).toBe("Token secret");
    });
});
