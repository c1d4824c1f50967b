import {afterEach, beforeEach, describe, expect, test, vi} from "vitest";

import {start} from "../../src/page-parts/feeds/index";
import {Bgsync} from "../../src/page/api";
import type {Core, Feeds} from "../../src/page/core";
import type {Announcement} from "../../src/shared/outbox/messages";
import {changeDevice} from "../../src/shared/rows/device";
import {promised} from "../../src/shared/rows/promised";
import {opened, record} from "./support/api";
import {FakeContext} from "./support/device";
import {change, FakeFeed, feed, ids, pull, WANTED} from "./support/feeds";
import {FakePage, settle, until} from "./support/page";
import {NO_NETWORK} from "./support/server";
import {FakeWorker} from "./support/worker";

const HOUR = 3_600_000;

class FakePeriodicSync {
    readonly tags = new Map<string, number>();
    refusal: string | null = null;

    async register(tag: string, {minInterval}: {minInterval: number}): Promise<void> {
        if (this.refusal) throw new DOMException("no", this.refusal);
        this.tags.set(tag, minInterval);
    }

    async unregister(tag: string): Promise<void> {
        this.tags.delete(tag);
    }

    getTags = async () => [...this.tags.keys()];
}

let page: FakePage;
let device: FakeContext;
let news: FakeFeed;
let periodicSync: FakePeriodicSync | undefined;
let capabilities: {worker: string; periodicSync: string};
let events: string[];

beforeEach(async () => {
    page = new FakePage();
    periodicSync = new FakePeriodicSync();
    capabilities = {worker: "ours", periodicSync: "granted"};
    events = [];
    vi.stubGlobal("navigator", {serviceWorker: {getRegistration: async () => ({periodicSync})}});
    device = new FakeContext();
    Object.assign(device.runtime.config, {worker: {url: null, scope: "https://site.test/"}});
    news = new FakeFeed(device).add(1, 2);
});

afterEach(() => vi.useRealTimers());

/** The part in a page whose engine asks for the session when told to, once for all who want to know. */
function started(): Feeds {
    const listeners: ((announcement: Announcement) => void)[] = [];
    const api = Object.assign(new EventTarget(), {capabilities: async () => capabilities});
    const heard = events;  // what is still going on when the next test begins is not of its page
    api.addEventListener("feed", (event) => heard.push((event as CustomEvent<{name: string}>).detail.name));
    const {announce} = device.runtime;
    device.runtime.announce = (...announcements) => {
        announce(...announcements);
        for (const announcement of announcements) {
            listeners.forEach((listener) => listener(announcement));
            if (announcement.type === "feed") api.dispatchEvent(new CustomEvent("feed", {detail: {name: announcement.name}}));
        }
    };
    let checking: Promise<unknown> | null = null;
    const check = () => (checking ??= device.session.run().finally(() => (checking = null)));
    const confirm = async () => device.runtime.isConfirmed || check();
    return start({
        runtime: device.runtime, api: api as unknown as Bgsync, listen: (listener: (announcement: Announcement) => void) => void listeners.push(listener),
        part: async () => ({confirm}),
    } as unknown as Core);
}

const pulled = () => until(async () => (await feed(device)).pulled_at > 0);

describe("reading", () => {
    test("is empty before the first pull, and needs nobody", async () => {
        device.server.sessions = () => NO_NETWORK;
        expect(await started().read("news")).toEqual({items: [], updatedAt: null, isComplete: false});
    });

    test("is what has been pulled, for whoever is signed in", async () => {
        const feeds = started();
        expect(await feeds.refresh("news")).toBe("updated");
        expect(await feeds.read("news")).toEqual({
            items: [{id: 1, text: "number 1"}, {id: 2, text: "number 2"}], updatedAt: "2026-11-20T10:00:00.000Z", isComplete: true,
        });
        expect(events).toEqual(["news"]);

        device.server.owner = "B";
        await device.session.run();
        expect(await feeds.read("news")).toEqual({items: [], updatedAt: null, isComplete: false});
        expect(events).toEqual(["news", "news"]);
    });

    test("says when the first pull has not come to its end", async () => {
        news.size = 1;
        const {feeds: answer} = device.server;
        device.server.feeds = (call) => (call.url.includes("cursor") ? NO_NETWORK : answer(call));
        const feeds = started();
        expect(await feeds.refresh("news")).toBe("unreachable");

        expect(await feeds.read("news")).toMatchObject({items: [{id: 1}], updatedAt: null, isComplete: false});
    });
});

describe("registering", () => {
    test("asks the browser, and pulls at once", async () => {
        expect(await started().register("news", {minInterval: 6 * HOUR, network: "unmetered", evenOnSaveData: true})).toBe("registered");
        await pulled();

        expect([...periodicSync!.tags]).toEqual([["bgsync:news", 6 * HOUR]]);
        expect(await ids(device)).toEqual([1, 2]);
    });

    test.each<[string, () => void, string]>([
        ["the browser has no periodic sync", () => void (periodicSync = undefined), "unavailable"],
        ["the worker is not ours", () => void (capabilities.worker = "foreign"), "unavailable"],
        ["the user, or the browser in the user's name, says no", () => void (capabilities.periodicSync = "denied"), "denied"],
        ["it says so later", () => void (periodicSync!.refusal = "NotAllowedError"), "denied"],
        ["it has it switched off", () => void (periodicSync!.refusal = "UnknownError"), "unavailable"],
    ])("is no error where %s: pages pull", async (_, arrange, state) => {
        arrange();
        const feeds = started();
        expect(await feeds.register("news")).toBe(state);
        await pulled();

        expect(await feeds.list()).toEqual([{name: "news", minInterval: 12 * HOUR, network: "any", evenOnSaveData: false, state: "unavailable"}]);
    });

    test.each<[string, object]>([
        ["News", {}], ["news", {interval: 1}], ["news", {minInterval: -1}], ["news", {minInterval: NaN}], ["news", {network: "wifi"}],
    ])("refuses what it does not understand: %s %j", async (name, options) => {
        await expect(started().register(name, options)).rejects.toThrow(TypeError);
    });

    test("is for the owner that the server names, not the one before", async () => {
        await device.runtime.db.write((tx) => changeDevice(tx, {owner: "Z"}));
        await started().register("news");

        expect([(await feed(device, "A")).registration, (await feed(device, "Z")).registration]).toEqual([expect.any(Object), null]);
    });

    test("is taken back, and what was read stays", async () => {
        const feeds = started();
        await feeds.register("news");
        await pulled();
        expect(await feeds.unregister("news")).toBe(true);

        expect([...periodicSync!.tags]).toEqual([]);
        expect([await feeds.unregister("news"), await feeds.list(), (await feeds.read("news")).items.length]).toEqual([false, [], 2]);
    });

    test("is tried again by every page, until the browser allows it", async () => {
        capabilities.periodicSync = "denied";
        await started().register("news", {minInterval: HOUR});
        expect([...periodicSync!.tags]).toEqual([]);

        capabilities.periodicSync = "granted";
        started();
        await until(() => periodicSync!.tags.size === 1);
        expect([...periodicSync!.tags]).toEqual([["bgsync:news", HOUR]]);
    });

    test("waits for the first worker to be active", async () => {
        const coming = new FakeWorker("https://site.test/bgsync/sw.js");
        coming.state = "installing";
        const registration = {active: null as FakeWorker | null, installing: coming, waiting: null, periodicSync};
        vi.stubGlobal("navigator", {serviceWorker: {getRegistration: async () => registration}});
        const registering = started().register("news");
        await settle();
        expect(periodicSync!.tags.size).toBe(0);

        coming.become("activated");
        expect(await registering).toBe("registered");
    });

    test("stays the browser's as long as another owner of this device wants it", async () => {
        const feeds = started();
        await feeds.register("news");
        device.server.owner = "B";
        await device.session.run();
        await feeds.register("news");
        await feeds.unregister("news");

        expect([...periodicSync!.tags.keys()]).toEqual(["bgsync:news"]);
    });
});

describe("a page keeps registered feeds up to date", () => {
    beforeEach(async () => {
        await device.signedIn();
        device.runtime.isConfirmed = false;
        await pull(device);
        await change(device, {registration: WANTED});
        news.asked.length = 0;
    });

    const asked = (count: number) => until(() => news.asked.length === count);

    test("when it is opened, if it is time", async () => {
        device.now += HOUR;
        started();
        await asked(1);

        expect(device.server.calls.at(-1)!.headers["BGSync-Client"]).toContain(";trigger=load;min-interval=3600");
    });

    test.each(["online", "visible"] as const)("when it is %s", async (type) => {
        started();
        await settle();
        expect(news.asked).toEqual([]);
        device.now += HOUR;
        page.dispatch(type);
        await asked(1);

        expect(device.server.calls.at(-1)!.headers["BGSync-Client"]).toContain(`;trigger=${type};`);
    });

    test("when somebody else signs in", async () => {
        started();
        await settle();
        await device.runtime.db.write(async (tx) => void tx.objectStore("feeds").put({...(await promised(tx.objectStore("feeds").get(["A", "news"])))!, owner: "B", pulled_at: 0}));
        device.server.owner = "B";
        await device.session.run();
        await asked(1);
    });

    test("when the time has come, as long as it is open", async () => {
        vi.useFakeTimers({toFake: ["setTimeout", "clearTimeout"]});
        started();
        await settle();
        device.now += HOUR;
        await vi.advanceTimersByTimeAsync(HOUR);
        await asked(1);

        expect(device.server.calls.at(-1)!.headers["BGSync-Client"]).toContain(";trigger=timer;");
    });

    test("but not on a network that it does not want", async () => {
        vi.stubGlobal("navigator", {connection: {saveData: true}});
        device.now += HOUR;
        started();
        await settle();
        page.dispatch("online");
        await settle();

        expect(news.asked).toEqual([]);
    });

    test("and others only if they are asked for", async () => {
        await change(device, {registration: null});
        device.now += HOUR;
        const feeds = started();
        await settle();
        expect(news.asked).toEqual([]);
        await feeds.refresh("news");

        expect(news.asked).toHaveLength(1);
    });
});

describe("window.bgsync", () => {
    test("tells of feeds, whoever has pulled them", async () => {
        const [bgsync, context] = await opened();
        const heard = record(bgsync, "feed");
        context.runtime.announce({type: "feed", name: "news"});

        expect(heard.map(({detail}) => detail as unknown)).toEqual([{name: "news"}]);
    });

    test("loads the part that knows feeds when it is used", async () => {
        const [bgsync] = await opened();
        const uses = [bgsync.feed("news").read(), bgsync.feed("news").refresh(), bgsync.periodic.register("news"), bgsync.periodic.unregister("news"), bgsync.periodic.list()];

        expect((await Promise.allSettled(uses)).map(({status}) => status)).toEqual(Array(5).fill("rejected"));
    });
});

