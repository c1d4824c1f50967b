import {beforeEach, describe, expect, test, vi} from "vitest";

import type {Engine} from "../../src/page/core";
import {WorkerRegistration} from "../../src/page/registration";
import {Arming} from "../../src/page-parts/engine/arming";
import {hasOurs} from "../../src/page-parts/engine/recognition";
import {Survey} from "../../src/page-parts/engine/survey";
import {changeDevice} from "../../src/shared/rows/device";
import {FakeContext} from "./support/device";
import {settle} from "./support/page";
import {FakeRegistration, FakeWorker} from "./support/worker";

const WORKER = {url: "https://site.test/bgsync/sw.js", scope: "https://site.test/"};

class FakeSync {
    readonly registered: string[] = [];
    pending: string[] = [];
    refusal: string | null = null;

    async register(tag: string): Promise<void> {
        if (this.refusal) throw new DOMException("no", this.refusal);
        this.registered.push(tag);
    }

    getTags = () => Promise.resolve(this.pending);
}

let sync: FakeSync;
let permissions: Record<string, PermissionState>;
let container: {getRegistration: ReturnType<typeof vi.fn>; register: ReturnType<typeof vi.fn>};

function registrationOf(scriptURL: string, more: object = {sync}) {
    return new FakeRegistration(WORKER.scope, {active: new FakeWorker(scriptURL), ...more});
}

/** The registration of a page whose engine is there. */
class Registered {
    readonly registration: WorkerRegistration;
    private readonly arming: Arming;
    private readonly survey: Survey;

    constructor({runtime}: FakeContext, worker: {url: string | null; scope: string} | null) {
        const engine = {
            arm: (tags: Iterable<string>) => this.arming.arm(tags),
            recognize: (found: ServiceWorkerRegistration, url: string | null) => hasOurs(found, url, runtime.config.base),
        } as Engine;
        this.registration = new WorkerRegistration(runtime, worker, () => Promise.resolve(engine));
        this.arming = new Arming(runtime, this.registration);
        this.survey = new Survey(runtime, this.registration);
        this.registration.changed = () => this.survey.remember();
    }

    capabilities = () => this.survey.capabilities();
    handOver = () => this.registration.handOver();

    async start(): Promise<void> {
        await this.registration.start();
        await this.survey.remember().catch(() => undefined);
    }

    async arm(tags: string[]): Promise<void> {
        for (const tag of tags) await this.registration.arm(tag);
    }
}

beforeEach(() => {
    sync = new FakeSync();
    container = {getRegistration: vi.fn(async () => undefined), register: vi.fn(async (url: string) => registrationOf(url))};
    permissions = {};
    vi.stubGlobal("navigator", {
        serviceWorker: container,
        onLine: true,
        storage: {persisted: async () => true},
        permissions: {query: async ({name}: {name: string}) => {
            if (!permissions[name]) throw new TypeError("no such permission");
            return {state: permissions[name]};
        }},
    });
    vi.stubGlobal("location", {origin: "https://site.test"});
    vi.stubGlobal("window", {top: {origin: "https://site.test"}});
});

/** With a worker that does not answer. */
async function startedAmongSilence(worker: {url: string | null; scope: string} = WORKER): Promise<Registered> {
    vi.useFakeTimers({toFake: ["setTimeout", "clearTimeout"]});
    const starting = started(worker);
    await settle();
    await vi.advanceTimersByTimeAsync(3_000);
    vi.useRealTimers();
    return (await starting)[0];
}

async function started(worker: {url: string | null; scope: string} | null = WORKER): Promise<[Registered, FakeContext]> {
    const device = new FakeContext();
    const registration = new Registered(device, worker);
    await registration.start();
    return [registration, device];
}

test("our worker is registered at the site's scope, never from the HTTP cache", async () => {
    const [registration, device] = await started();
    expect(container.register).toHaveBeenCalledWith(WORKER.url, {scope: WORKER.scope, updateViaCache: "none"});
    expect(await registration.capabilities())
        .toEqual({
            worker: "ours", sync: "unsupported", periodicSync: "unsupported", notifications: "unsupported",
            persisted: true, locks: true, embedded: false, pendingSyncTags: [],
        });
    expect((await device.device()).capabilities).toMatchObject({worker: "ours", persisted: true});
});

test("a worker of ours from another address under our prefix is renewed", async () => {
    container.getRegistration.mockResolvedValue(registrationOf("https://site.test/bgsync/sw.js?old"));
    const [registration] = await started();
    expect((await registration.capabilities()).worker).toBe("ours");
});

test("a foreign worker stays, and the site is told what to add", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    container.getRegistration.mockResolvedValue(registrationOf("https://site.test/sw.js"));
    const registration = await startedAmongSilence();
    expect(container.register).not.toHaveBeenCalled();
    expect((await registration.capabilities()).worker).toBe("foreign");
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('importScripts("https://site.test/bgsync/worker.js");'));
    await registration.arm(["post"]);
    expect(sync.registered).toEqual([]);
    warn.mockRestore();
});

test("a site's own worker that says nothing of ours is not taken for it, even where the site names it", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const registration = await startedAmongSilence({...WORKER, url: "https://site.test/my-worker.js"});
    expect(container.register).toHaveBeenCalledOnce();
    expect((await registration.capabilities()).worker).toBe("foreign");
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
});

test.each([["named or not", WORKER.url], ["where we are to register none", null]])(
    "a site's own worker that has imported ours wakes up for us, %s", async (_name, url) => {
        const theirs = registrationOf("https://site.test/sw.js", {active: new FakeWorker("https://site.test/sw.js", {}), sync});
        container.getRegistration.mockResolvedValue(theirs);
        const [registration] = await started({...WORKER, url});
        expect(container.register).not.toHaveBeenCalled();
        expect((await registration.capabilities()).worker).toBe("ours");
        await registration.arm(["post"]);
        expect(sync.registered).toEqual(["bgsync:post"]);
        expect(registration.handOver()).toBe(true);
    },
);

test("a site that registers no worker and has none of ours is told nothing", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    container.getRegistration.mockResolvedValue(registrationOf("https://site.test/sw.js"));
    const registration = await startedAmongSilence({...WORKER, url: null});
    expect((await registration.capabilities()).worker).toBe("foreign");
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
});

test("a foreign worker at another scope is nobody's concern", async () => {
    container.getRegistration.mockResolvedValue({...registrationOf("https://site.test/shop/sw.js"), scope: "https://site.test/shop/"});
    const [registration] = await started();
    expect((await registration.capabilities()).worker).toBe("ours");
});

test("without a worker the page does everything", async () => {
    vi.stubGlobal("navigator", {});
    const [registration] = await started();
    await registration.arm(["post"]);
    expect(await registration.capabilities()).toMatchObject({worker: "none", sync: "unsupported", persisted: false});
    expect(registration.handOver()).toBe(false);
});

test("a site that wants no worker gets none", async () => {
    await started(null);
    expect(container.register).not.toHaveBeenCalled();
});

test("a worker that nobody can ask whether it has ours is asked later", async () => {
    const theirs = registrationOf("https://site.test/sw.js", {active: new FakeWorker("https://site.test/sw.js", {}), sync});
    container.getRegistration.mockResolvedValue(theirs);
    const {runtime} = new FakeContext();
    const engine = {recognize: async () => true} as unknown as Engine;
    const engines = [Promise.reject(new Error("offline")), Promise.resolve(engine)];
    const registration = new WorkerRegistration(runtime, WORKER, () => engines.shift()!);
    expect(await registration.start()).toBeNull();
    expect(registration.known.worker).toBe("none");
    expect(await registration.start()).toBe(theirs);
    expect(registration.known.worker).toBe("ours");
});

test("a worker that cannot be installed is no error of the page", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    container.register.mockRejectedValue(new TypeError("bad script"));
    const [registration] = await started();
    expect((await registration.capabilities()).worker).toBe("none");
    warn.mockRestore();
});

describe("asking the browser to wake the worker", () => {
    test("makes the promise known", async () => {
        const [registration, device] = await started();
        await registration.arm(["post", "order"]);
        expect(sync.registered).toEqual(["bgsync:post", "bgsync:order"]);
        expect((await device.device()).capabilities.sync).toBe("granted");
    });

    test.each([
        ["NotAllowedError", "denied"], ["UnknownError", "disabled"], ["InvalidAccessError", "unsupported"],
        ["InvalidStateError", "unsupported"],
    ])("%s means %s", async (refusal, capability) => {
        sync.refusal = refusal;
        const [registration] = await started();
        await registration.arm(["post"]);
        expect((await registration.capabilities()).sync).toBe(capability);
    });

    test("takes the next tag while one waits after a failure", async () => {
        const [registration, device] = await started();
        await device.runtime.db.write((tx) => changeDevice(tx, {failed_tags: ["bgsync:post"]}));
        sync.pending = ["bgsync:post"];
        await registration.arm(["post"]);
        expect(sync.registered).toEqual(["bgsync:post#2"]);
    });

    test.each([
        ["a moment after it", 59_999, true, []], ["a minute after it", 60_000, true, ["bgsync:post#2"]],
        ["a moment after it, without a network", 0, false, ["bgsync:post#2"]],
    ])("takes the next tag not within the outage that made the one before fail: %s", async (_name, later, onLine, tags) => {
        const [registration, device] = await started();
        Object.assign(navigator, {onLine});
        await device.runtime.db.write((tx) => changeDevice(tx, {failed_tags: ["bgsync:post"], failed_at: device.now}));
        sync.pending = ["bgsync:post"];
        device.now += later;
        await registration.arm(["post"]);
        expect(sync.registered).toEqual(tags);
        await registration.arm(["order"]);
        expect(sync.registered).toEqual([...tags, "bgsync:order"]);
    });

    test("takes a tag again that the browser has forgotten", async () => {
        const [registration, device] = await started();
        await device.runtime.db.write((tx) => changeDevice(tx, {failed_tags: ["bgsync:post", "bgsync:post#2"]}));
        sync.pending = ["bgsync:post#2"];
        await registration.arm(["post"]);
        expect(sync.registered).toEqual(["bgsync:post"]);
        expect((await device.device()).failed_tags).toEqual(["bgsync:post#2"]);
    });

    test("waits for a worker that is being installed", async () => {
        const installing = Object.assign(new FakeWorker(WORKER.url), {state: "installing"});
        const coming = registrationOf("", {active: null, installing, sync});
        container.register.mockResolvedValue(coming);
        const [registration] = await started();
        const arming = registration.arm(["post"]);
        coming.active = installing;
        installing.become("activated");
        await arming;
        expect(sync.registered).toEqual(["bgsync:post"]);
    });

    test("does without where the browser has no background sync", async () => {
        container.register.mockResolvedValue(registrationOf(WORKER.url, {}));
        const [registration] = await started();
        await registration.arm(["post"]);
        expect((await registration.capabilities()).sync).toBe("unsupported");
        expect(registration.handOver()).toBe(true);
    });
});

describe("capabilities", () => {
    test("say what the permissions say, before anything has been tried", async () => {
        permissions = {"background-sync": "granted", "periodic-background-sync": "denied"};
        vi.stubGlobal("Notification", {permission: "default"});
        sync.pending = ["bgsync:post", "their-own"];
        const [registration] = await started();
        expect(await registration.capabilities()).toMatchObject({
            sync: "granted", periodicSync: "denied", notifications: "default", pendingSyncTags: ["bgsync:post", "their-own"],
        });
        vi.unstubAllGlobals();
    });

    test("know a refusal without having tried", async () => {
        permissions = {"background-sync": "denied"};
        const [registration] = await started();
        expect((await registration.capabilities()).sync).toBe("denied");
    });

    test("know a refusal that was met, and it is not met again", async () => {
        sync.refusal = "NotAllowedError";
        const [registration] = await started();
        await registration.arm(["post"]);
        sync.refusal = null;
        await registration.arm(["post"]);
        expect((await registration.capabilities()).sync).toBe("denied");
        expect(sync.registered).toEqual([]);
    });

    test("believe the refusal, not the permission", async () => {
        permissions = {"background-sync": "granted"};
        sync.refusal = "UnknownError";
        const [registration] = await started();
        await registration.arm(["post"]);
        expect((await registration.capabilities()).sync).toBe("disabled");
    });

    test("are told where storage is refused", async () => {
        const device = new FakeContext();
        vi.stubGlobal("indexedDB", undefined);
        const registration = new Registered(device, WORKER);
        await registration.start();
        expect(await registration.capabilities()).toMatchObject({worker: "ours"});
    });

    test("are those of the moment", async () => {
        const [registration] = await started();
        vi.stubGlobal("Notification", {permission: "granted"});
        expect((await registration.capabilities()).notifications).toBe("granted");
        vi.unstubAllGlobals();
    });

    test.each([
        ["another origin's frame", {get top() { throw new DOMException("no", "SecurityError"); }}, true],
        ["its own frame", {top: {origin: "https://site.test"}}, false],
    ])("in %s", async (_name, window, embedded) => {
        vi.stubGlobal("window", window);
        const [registration, device] = await started();
        expect(await registration.capabilities()).toMatchObject({embedded, worker: embedded ? "none" : "ours"});
        expect((await device.device()).capabilities).toMatchObject({embedded});
    });

    test("and the site's version reach the worker, which cannot ask", async () => {
        const device = new FakeContext(undefined, {appVersion: "1.4.0"});
        await new Registered(device, WORKER).start();
        const worker = await new FakeContext(device.server, {db: device.runtime.db, context: "worker"}).signedIn();
        await worker.write();
        await worker.flush();
        expect(worker.server.envelopes).toMatchObject([{client: {app_version: "1.4.0", capabilities: {worker: "ours", persisted: true}}}]);
    });
});
