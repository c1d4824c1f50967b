import {afterEach, beforeEach, describe, expect, test, vi} from "vitest";

import type {Pending} from "../../src/page/core";
import {watchLogoutForms} from "../../src/page/logout-forms";
import {logout} from "../../src/page-parts/engine/logout";
import {keptPage} from "../../src/shared/pages/caches";
import {promised} from "../../src/shared/rows/promised";
import {FakeCacheStorage} from "./support/cache-storage";
import {FakeContext} from "./support/device";
import {FakeFeed, ids, pull} from "./support/feeds";
import {FakePage, settle, until, withTriggers} from "./support/page";
import {json, NO_NETWORK, result} from "./support/server";

function leaving(device: FakeContext, pending: Pending = "keep") {
    return logout(device.runtime, device.outbox, device.flusher, pending);
}

describe("logging out", () => {
    test("keeps what is not sent, out of sight, for its owner", async () => {
        const device = await new FakeContext().signedIn();
        const [id] = await device.writeMany(1);
        expect(await leaving(device)).toEqual({sent: 0, kept: 1, discarded: 0});
        expect(await device.outbox.list()).toEqual([]);
        expect(await device.flush()).toBe("drained");
        expect(device.server.calls).toEqual([]);
        expect(device.heard("blocked")).toMatchObject([{item: {id}}]);
        await device.session.run();
        await device.flush();
        expect(device.server.sent).toEqual([[id]]);
    });

    test("asks nobody whose session it is, as long as that has not ended", async () => {
        new FakePage();
        vi.useFakeTimers({toFake: ["setTimeout", "clearTimeout"]});
        const device = await new FakeContext().signedIn();
        await device.write();
        device.server.deliveries = () => NO_NETWORK;
        const {triggers, engine} = withTriggers(device);
        triggers.start();
        await settle();
        await engine.logout("keep");
        for (let second = 0; second < 5; second += 1) {
            device.now += 1_000;
            await vi.advanceTimersByTimeAsync(1_000);
            await settle();
        }
        vi.useRealTimers();
        expect((await device.device()).owner).toBe("");
    });

    test("takes feeds and pages along, of this owner alone", async () => {
        vi.stubGlobal("caches", new FakeCacheStorage());
        const device = await new FakeContext().signedIn();
        const news = new FakeFeed(device).add(1);
        news.cache = ["/news/1/"];
        device.server.requests = () => new Response("the article");
        await pull(device);
        device.server.owner = "B";
        await device.session.run();
        await pull(device);
        expect([await ids(device), await ids(device, "B")]).toEqual([[1], [1]]);
        await leaving(device);

        expect([await ids(device), await ids(device, "B"), await device.runtime.db.read((tx) => promised(tx.objectStore("feeds").count()))]).toEqual([[1], [], 1]);
        expect([await keptPage("A", "https://site.test/news/1/"), await keptPage("B", "https://site.test/news/1/")])
            .toEqual([expect.any(Response), undefined]);
    });

    test("sends first, if asked to", async () => {
        const device = await new FakeContext().signedIn();
        const [first, second] = await device.writeMany(2);
        device.server.deliveries = () => json(device.server.answer([result(first!), result(second!, "rejected")]));
        expect(await leaving(device, "send")).toEqual({sent: 2, kept: 1, discarded: 0});
    });

    test.each([["no network", NO_NETWORK], ["a server that hangs", "hang"]] as const)("%s: it keeps the rest", async (_name, reply) => {
        vi.useFakeTimers({toFake: ["setTimeout", "clearTimeout"]});
        const device = await new FakeContext().signedIn();
        await device.write();
        device.server.deliveries = () => reply;
        const done = leaving(device, "send");
        await until(() => device.server.envelopes.length);
        await vi.advanceTimersByTimeAsync(10_000);
        expect(await done).toEqual({sent: 0, kept: 1, discarded: 0});
        vi.useRealTimers();
    });

    test("discards, if asked to, and says so of each", async () => {
        const device = await new FakeContext().signedIn();
        const [first, second] = await device.writeMany(2);
        device.server.deliveries = () => json(device.server.answer([result(first!, "rejected"), result(second!, "deferred")]));
        await device.flush();
        device.told.length = 0;
        expect(await leaving(device, "discard")).toEqual({sent: 0, kept: 0, discarded: 2});
        expect(await device.stored()).toEqual([]);
        expect(device.heard("settled")).toMatchObject([first, second].map((id) => ({result: {id, status: "discarded"}})));
    });

    test("concerns nobody else's items", async () => {
        const device = await new FakeContext().signedIn();
        const [theirs] = await device.writeMany(1);
        device.server.owner = "B";
        await device.session.run();
        await leaving(device, "discard");
        expect(await device.stored()).toMatchObject([{id: theirs, owner: "A"}]);
    });

    test("forgets how items ended", async () => {
        const device = await new FakeContext().signedIn();
        const {id} = await device.write();
        await device.flush();
        await leaving(device);
        await device.session.run();
        expect(await device.outbox.settlement(id)).toBeUndefined();
    });

    test("makes the device another client, if a visitor of it has become a user", async () => {
        const device = new FakeContext();
        Object.assign(device.server, {owner: "V", isVisitor: true});
        await device.signedIn();
        const {client} = await device.device();
        Object.assign(device.server, {owner: "A", isVisitor: false});
        await device.session.run();
        expect((await device.device()).client).toBe(client);
        await leaving(device);
        const next = await device.device();
        expect(next.client).not.toBe(client);
        await leaving(device);
        expect((await device.device()).client).toBe(next.client);
    });

    test("knows three choices", async () => {
        await expect(leaving(await new FakeContext().signedIn(), "drop" as never)).rejects.toThrow(TypeError);
    });
});

describe("a form that logs out", () => {
    let page: FakePage;
    const submitter = {name: "which"};

    beforeEach(() => {
        page = new FakePage();
        vi.useFakeTimers({toFake: ["setTimeout", "clearTimeout"]});
    });
    afterEach(() => void vi.useRealTimers());

    /** Submits as a browser does: what nobody prevents leaves the page. */
    function formOf(dataset: Record<string, string>) {
        const left = vi.fn();
        const form = {dataset, requestSubmit: vi.fn((by: unknown) => submit(by)), submit: () => left(null)};
        function submit(by: unknown): void {
            const event = Object.assign(new Event("submit", {cancelable: true}), {submitter: by});
            Object.defineProperty(event, "target", {value: form});
            if (page.document.dispatchEvent(event)) left(by);
        }
        return {form, left, submit};
    }

    test.each([["", "keep"], ["send", "send"], ["discard", "discard"]])("data-bgsync-logout=%j", async (value, pending) => {
        const logOut = vi.fn(async () => undefined);
        watchLogoutForms(logOut);
        const {left, submit} = formOf({bgsyncLogout: value});
        submit(submitter);
        expect(left).not.toHaveBeenCalled();
        await settle();
        expect(logOut.mock.calls).toEqual([[pending]]);
        expect(left.mock.calls).toEqual([[submitter]]);
    });

    test.each([
        ["the site has taken its button away", vi.fn(() => { throw new DOMException("not owned by this form", "NotFoundError"); })],
        ["the browser is a Safari before 16", undefined],
    ])("goes on if %s", async (_name, requestSubmit) => {
        watchLogoutForms(async () => undefined);
        const {form, left, submit} = formOf({bgsyncLogout: ""});
        Object.assign(form, {requestSubmit});
        submit(submitter);
        await settle();
        expect(left).toHaveBeenCalledOnce();
    });

    test("leaves other forms alone", () => {
        const logOut = vi.fn(async () => undefined);
        watchLogoutForms(logOut);
        const {left, submit} = formOf({});
        submit(submitter);
        expect(left).toHaveBeenCalled();
        expect(logOut).not.toHaveBeenCalled();
    });

    test.each([
        ["fails", () => Promise.reject(new Error("no storage"))], ["never ends", () => new Promise(() => undefined)],
    ])("goes on if ours %s", async (_name, logOut) => {
        const warn = vi.spyOn(console, "warn").mockReturnValue();
        watchLogoutForms(logOut);
        const {left, submit} = formOf({bgsyncLogout: ""});
        submit(submitter);
        await vi.advanceTimersByTimeAsync(20_000);
        await settle();
        expect(left).toHaveBeenCalledOnce();
        warn.mockRestore();
    });
});
