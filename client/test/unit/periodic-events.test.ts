import {beforeEach, describe, expect, test, vi} from "vitest";

import {feeds} from "../../src/worker-parts/feeds/feeds";
import type {WorkerConfig, WorkerCore} from "../../src/worker/core";
import {FakeContext} from "./support/device";
import {change, FakeFeed, ids, pull, WANTED} from "./support/feeds";
import {NO_NETWORK, problem} from "./support/server";

const HOUR = 3_600_000;

let device: FakeContext;
let news: FakeFeed;
let forgotten: string[];
let update: ReturnType<typeof vi.fn>;
let scope: EventTarget;

beforeEach(async () => {
    device = await new FakeContext(undefined, {context: "worker"}).signedIn();
    news = new FakeFeed(device).add(1, 2, 3, 4);
    forgotten = [];
    update = vi.fn(async () => undefined);
    const periodicSync = {unregister: async (tag: string) => void forgotten.push(tag)};
    scope = Object.assign(new EventTarget(), {registration: {update, periodicSync}});
    const {runtime, session, flusher} = device;
    feeds({scope, runtime, session, flusher} as unknown as WorkerCore, {} as WorkerConfig);
    await change(device, {registration: WANTED});
});

/** The browser says that it is time. */
async function fire(tag = "bgsync:news"): Promise<void> {
    const waits: Promise<unknown>[] = [];
    scope.dispatchEvent(Object.assign(new Event("periodicsync"), {tag, waitUntil: (work: Promise<unknown>) => waits.push(work)}));
    await Promise.all(waits);
}

describe("a periodicsync event", () => {
    test("brings all pages, sends what waits, and has the worker renewed", async () => {
        const {id} = await device.write();
        await fire();

        expect(await ids(device)).toEqual([1, 2, 3, 4]);
        expect(device.server.envelopes[0]).toMatchObject({trigger: "periodicsync", items: [{id}]});
        expect(device.server.calls.at(-1)!.headers["BGSync-Client"]).toContain(";trigger=periodicsync;min-interval=3600");
        expect(update).toHaveBeenCalledOnce();
        expect(device.heard("feed")).toEqual([{type: "feed", name: "news"}]);
    });

    test("has the worker renewed each time, even if nothing else is to be done, or it cannot be", async () => {
        update.mockRejectedValue(new TypeError("offline"));
        await fire();
        await fire();

        expect(update).toHaveBeenCalledTimes(2);
        expect(news.asked).toHaveLength(2);  // the two pages of the first
    });

    test("does not wait for a renewal that the browser puts off", async () => {
        const {setTimeout} = globalThis;
        vi.stubGlobal("setTimeout", (resume: () => void, wait: number) => setTimeout(resume, wait === 5_000 ? 0 : wait));
        update.mockReturnValue(new Promise(() => undefined));
        await fire();
        expect(await ids(device)).toEqual([1, 2, 3, 4]);
    });

    test("before its time pulls nothing", async () => {
        await pull(device);
        news.asked.length = 0;
        device.now += 0.8 * HOUR;
        await fire();
        expect(news.asked).toEqual([]);

        device.now += 0.15 * HOUR;
        await fire();
        expect(news.asked).toHaveLength(1);
    });

    test("on a network that is not wanted pulls nothing", async () => {
        vi.stubGlobal("navigator", {connection: {type: "cellular"}});
        await change(device, {registration: {...WANTED, network: "unmetered"}});
        await fire();

        expect(news.asked).toEqual([]);
    });

    test("without a server rejects, so that the browser comes back", async () => {
        device.server.feeds = () => NO_NETWORK;

        await expect(fire()).rejects.toThrow("news");
    });

    test.each([[401, "not_authenticated"], [409, "wrong_owner"], [401, "client_revoked"]])("under another session is done: %d", async (status, code) => {
        device.server.feeds = () => problem(status, code);
        await fire();

        expect(forgotten).toEqual([]);
    });

    test("of a feed that is gone is the last one", async () => {
        device.server.feeds = () => problem(404, "unknown_feed");
        await fire();

        expect(forgotten).toEqual(["bgsync:news"]);
    });

    test("of a feed that nobody wants any more is the last one", async () => {
        await change(device, {registration: null});
        await fire();

        expect([forgotten, news.asked]).toEqual([["bgsync:news"], []]);
    });

    test("of a feed that another owner wants stays", async () => {
        device.server.owner = "B";
        await device.session.run();
        await fire();

        expect([forgotten, news.asked]).toEqual([[], []]);
    });

    test("of the application's own is left alone", async () => {
        await fire("news");

        expect([news.asked, update.mock.calls]).toEqual([[], []]);
    });
});
