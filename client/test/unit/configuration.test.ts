import {afterEach, beforeEach, describe, expect, test, vi} from "vitest";

import {Unsent} from "../../src/page/unsent";
import {LastFlush} from "../../src/page-parts/engine/last-flush";
import {configure} from "../../src/shared/context/configuration";
import type {Announcement} from "../../src/shared/outbox/messages";
import {promised} from "../../src/shared/rows/promised";
import type {Envelope} from "../../src/shared/vocabulary/protocol";
import {SyncEvents} from "../../src/worker/sync-events";
import {FakeContext} from "./support/device";
import {FakePage, settle, until, withTriggers} from "./support/page";
import {FakeServer, problem} from "./support/server";

/** A site without cookies: who has no token is nobody. */
function tokenServer(): FakeServer {
    const server = new FakeServer();
    const isKnown = (authorization: string | undefined) => authorization === "Token secret";
    server.deliveries = ({headers}) => (isKnown(headers["Authorization"]) ? undefined : problem(401, "not_authenticated"));
    server.sessions = ({headers}) => {
        server.owner = isKnown(headers["Authorization"]) ? "A" : null;
        return undefined;
    };
    return server;
}

const withToken = {headers: () => Promise.resolve({Authorization: "Token secret"})};

describe("the project's headers", () => {
    test("are asked for at each request, and are nowhere in the outbox", async () => {
        const device = await new FakeContext().signedIn();
        let token = 0;
        configure(device.runtime, {headers: () => ({Authorization: `Token secret-${(token += 1)}`})});
        await device.write();
        await device.flush();
        await device.session.run();
        expect(device.server.calls.map(({headers}) => headers["Authorization"])).toEqual(["Token secret-1", "Token secret-2"]);
        const stored = await device.runtime.db.read(async (tx) => [
            await promised(tx.objectStore("items").getAll()), await promised(tx.objectStore("meta").getAll()), await promised(tx.objectStore("results").getAll()),
        ]);
        expect(JSON.stringify(stored)).not.toContain("secret");
    });

    test("leave our own alone, however they are written", async () => {
        const device = await new FakeContext().signedIn();
        const theirs = new Headers({"x-bgsync": "0", "content-type": "text/plain", "x-tenant": "7"});
        configure(device.runtime, {headers: () => theirs});
        await device.write();
        await device.flush();
        expect(device.server.calls.at(-1)!.headers).toMatchObject({
            "X-BGSync": "1", "Content-Type": "application/json", "x-tenant": "7",
        });
    });

    test("that cannot be had say nothing of the items", async () => {
        const device = await new FakeContext().signedIn();
        const {id} = await device.write();
        configure(device.runtime, {headers: () => Promise.reject(new TypeError("Failed to fetch"))});
        expect(await device.flush()).toBe("failed");
        expect(await device.item(id)).toMatchObject({state: "queued", failures: 0});
        expect(device.server.calls).toEqual([]);
    });

    test("that never come are waited for as long as for an answer", async () => {
        const device = await new FakeContext(undefined, {timeout: 5}).signedIn();
        const {id} = await device.write();
        configure(device.runtime, {headers: () => new Promise<never>(() => undefined)});
        expect(await device.flush()).toBe("failed");
        expect(await device.item(id)).toMatchObject({state: "queued"});
    });

    test("go with the last request of a page", async () => {
        const device = await new FakeContext().signedIn();
        configure(device.runtime, withToken);
        const unsent = new Unsent();
        unsent.add(await device.write());
        const lastFlush = new LastFlush(device.runtime, device.session, unsent);
        await settle();
        lastFlush.run("token");
        await until(() => device.server.envelopes.length);
        expect(device.server.calls[0]!.headers["Authorization"]).toBe("Token secret");
    });

    test("must be spelt right", () => {
        expect(() => configure(new FakeContext().runtime, {header: () => ({})} as never)).toThrow(TypeError);
    });
});

test("the site's version is cut to what the server takes", async () => {
    const device = await new FakeContext().signedIn();
    configure(device.runtime, {appVersion: `1.4.0\0\ud800-${"x".repeat(200)}`});
    await device.write();
    await device.flush();
    const [{client}] = device.server.envelopes as [Envelope];
    expect(client.app_version).toMatch(/^1\.4\.0-x+$/);
    expect(client.app_version.length).toBeLessThanOrEqual(100);
});

describe("a worker without the token of its pages", () => {
    beforeEach(() => void vi.useFakeTimers({toFake: ["setTimeout", "clearTimeout"]}));
    afterEach(() => void vi.useRealTimers());

    async function denied() {
        new FakePage();
        const server = tokenServer();
        const page = new FakeContext(server);
        configure(page.runtime, withToken);
        const {triggers} = withTriggers(page);
        triggers.start();
        await until(() => page.runtime.isConfirmed);
        await settle();
        const {id} = await page.write();
        const announced: Announcement[] = [];
        const worker = new FakeContext(server, {...page.runtime, context: "worker", instance: "w", announce: (...told) => announced.push(...told)});
        delete worker.runtime.headers;
        await new SyncEvents(worker.runtime, worker.flusher).handle({tag: "bgsync:post", lastChance: false});
        return {page, id, announced};
    }

    test("lets its items wait for a login", async () => {
        const {page, id, announced} = await denied();
        expect(await page.item(id)).toMatchObject({state: "blocked", failures: 0});
        expect(announced).toContainEqual({type: "denied"});
    });

    test("is helped by a page that has it", async () => {
        const {page} = await denied();
        page.runtime.announce({type: "denied"});
        await until(async () => (await page.stored()).length === 0);
        expect(page.server.envelopes.at(-1)).toMatchObject({context: "page"});
    });

    test("is not heard again and again", async () => {
        const {page} = await denied();
        page.server.deliveries = () => problem(401, "not_authenticated");
        page.server.calls.length = 0;
        for (let i = 0; i < 3; i += 1) {
            page.runtime.announce({type: "denied"});
            await settle();
        }
        expect(page.server.calls.filter(({envelope}) => !envelope)).toHaveLength(1);
    });
});
