import {afterEach, beforeEach, expect, test, vi} from "vitest";

import {start} from "../../src/page-parts/feeds/index";
import type {Core} from "../../src/page/core";
import type {Announcement} from "../../src/shared/outbox/messages";
import {FakeCacheStorage} from "./support/cache-storage";
import {FakeContext} from "./support/device";
import {change, FakeFeed, WANTED} from "./support/feeds";
import {FakePage, settle, withTriggers} from "./support/page";
import {json, problem, result, type FakeServer} from "./support/server";

/** A page that is open for a minute, in which something does not work. */
let device: FakeContext;
let news: FakeFeed;

beforeEach(async () => {
    new FakePage();
    vi.stubGlobal("navigator", {serviceWorker: {getRegistration: async () => ({})}});
    vi.stubGlobal("caches", new FakeCacheStorage());
    vi.useFakeTimers({toFake: ["setTimeout", "clearTimeout"]});
    device = await new FakeContext().signedIn();
    Object.assign(device.runtime.config, {worker: {url: null, scope: "https://site.test/"}});
    news = new FakeFeed(device).add(1, 2);
});

afterEach(() => vi.useRealTimers());

async function aMinute(): Promise<void> {
    await settle();
    for (let second = 0; second < 60; second += 1) {
        device.now += 1_000;
        await vi.advanceTimersByTimeAsync(1_000);
        await settle();
    }
}

function startFeeds(): void {
    const listeners: ((announcement: Announcement) => void)[] = [];
    const {announce} = device.runtime;
    device.runtime.announce = (...announcements) => {
        announce(...announcements);
        for (const announcement of announcements) listeners.forEach((hear) => hear(announcement));
    };
    const api = Object.assign(new EventTarget(), {capabilities: async () => ({worker: "ours", periodicSync: "denied"})});
    const confirm = async () => device.runtime.isConfirmed || device.session.run();
    const listen = (listener: (announcement: Announcement) => void) => void listeners.push(listener);
    start({runtime: device.runtime, api, listen, part: async () => ({confirm})} as unknown as Core);
}

const REFUSALS: Record<string, (server: FakeServer) => void> = {
    "is over": (server) => (server.owner = null),
    "may not read it": (server) => {
        const {feeds} = server;
        server.feeds = (call) => (feeds(call), problem(403, "permission_denied"));
    },
};

test.each(Object.keys(REFUSALS))("a feed is not asked for every second when the session %s", async (name) => {
    await change(device, {registration: WANTED});
    REFUSALS[name]!(device.server);
    startFeeds();
    await aMinute();
    expect(news.asked.length).toBeGreaterThan(0);
    expect(news.asked.length).toBeLessThan(10);
});

test("nor is a page that a feed names, and that fails", async () => {
    news.cache = ["/news/1/"];
    await change(device, {registration: WANTED});
    device.server.requests = () => new Response("oops", {status: 500});
    startFeeds();
    await aMinute();
    expect(device.server.passed.length).toBeGreaterThan(0);
    expect(device.server.passed.length).toBeLessThan(10);
});

test("nor is the server, for what waits behind an item of the visitor that one was", async () => {
    Object.assign(device.server, {owner: "V", isVisitor: true});
    await device.session.run();
    const {id: first} = await device.write({lane: "post"});
    Object.assign(device.server, {owner: "A", isVisitor: false, before: "V"});
    await device.session.run();
    const {id: own} = await device.write({lane: "post"});
    const {server} = device;
    server.deliveries = ({envelope}) => json(server.answer(envelope.items.map(({id}) => result(id, "accepted", {code: "queued"}))));
    withTriggers(device).triggers.start();
    await aMinute();
    expect(await Promise.all([first, own].map((id) => device.item(id)))).toMatchObject([{state: "accepted"}, {state: "queued"}]);
    expect(server.envelopes.length).toBeLessThan(15);
});

test("nor is a session whose server wants to be left alone, by a page that does not know whose it is", async () => {
    const {server} = device;
    device.runtime.isConfirmed = false;
    server.sessions = () => problem(429, "throttled", {}, "40");
    withTriggers(device).triggers.start();
    await aMinute();
    expect(server.calls).toHaveLength(2);
});

test("nor is the part for captured requests, if a deployment has taken its file away", async () => {
    await device.write({tag: "http:captured", lane: "http:^/api/", request: {method: "POST", path: "/api/x/", headers: [], verdict: "header"}} as never);
    const part = vi.fn(() => Promise.reject(new TypeError("gone")));
    const {triggers} = withTriggers(device, undefined, part);
    triggers.start();
    await aMinute();
    expect(part.mock.calls.length).toBeGreaterThan(0);
    expect(part.mock.calls.length).toBeLessThan(15);
});
