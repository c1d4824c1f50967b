import {describe, expect, test} from "vitest";

import {promised} from "../../src/shared/rows/promised";
import {FakeContext, START} from "./support/device";
import {NO_NETWORK, page, problem} from "./support/server";

function tokens(device: FakeContext): (string | undefined)[] {
    return device.server.calls.filter(({envelope}) => envelope).map(({headers}) => headers["X-CSRFToken"]);
}

describe("the CSRF token", () => {
    test("is the cookie's, at the moment of sending", async () => {
        const device = await new FakeContext().signedIn();
        await device.write();
        device.server.token = "rotated";
        await device.flush();
        expect(tokens(device)).toEqual(["rotated"]);
        expect(device.server.calls).toHaveLength(1);
    });

    test("comes from the server where scripts cannot read the cookie", async () => {
        const device = new FakeContext(undefined, {csrfCookie: () => Promise.resolve(null)});
        await device.write();
        await device.flush();
        expect(tokens(device)).toEqual(["token"]);
    });

    test("is asked for anew once when it is refused", async () => {
        const device = await new FakeContext(undefined, {csrfCookie: () => Promise.resolve("stale")}).signedIn();
        await device.write();
        expect(await device.flush()).toBe("drained");
        expect(tokens(device)).toEqual(["stale", "token"]);
    });

    test("refused twice, the items wait visibly", async () => {
        const device = await new FakeContext(undefined, {csrfCookie: () => Promise.resolve("stale")}).signedIn();
        await device.write();
        device.server.deliveries = () => problem(403, "csrf_failed");
        expect(await device.flush()).toBe("failed");
        expect(tokens(device)).toEqual(["stale", "token"]);
        expect(await device.stored()).toMatchObject([{state: "queued", failures: 1, last_error: "csrf_failed"}]);
        expect((await device.device()).next_try).toBe(START + 5_000);
    });

    test("is stored nowhere", async () => {
        const device = new FakeContext(undefined, {csrfCookie: () => Promise.resolve("secret-token")});
        device.server.token = "secret-token";
        device.server.deliveries = () => page(502);
        await device.write();
        await device.flush();
        const stored = await device.runtime.db.read(async (tx) => [
            await promised(tx.objectStore("items").getAll()), await promised(tx.objectStore("meta").getAll()),
        ]);
        expect(JSON.stringify(stored)).not.toContain("secret-token");
    });
});

describe("asking whose session it is", () => {
    test("says who asks, and follows no redirect", async () => {
        const device = new FakeContext();
        await device.session.run();
        expect(device.server.calls).toMatchObject([{
            url: "https://site.test/bgsync/v1/session/",
            headers: {"BGSync-Client": (await device.device()).client},
            init: {redirect: "manual", cache: "no-store", credentials: "same-origin"},
        }]);
    });

    test("brings owner, limits and clock", async () => {
        const device = new FakeContext();
        device.server.clock = () => START - 5_000;
        await device.session.run();
        expect(await device.device()).toMatchObject({owner: "A", clock: -5_000, limits: {max_items: 100}});
    });

    test.each([["no network", NO_NETWORK, "nobody"], ["a captive portal", page(), "stranger"]] as const)(
        "%s says nothing", async (_name, reply, reached) => {
            const device = await new FakeContext().signedIn();
            device.server.sessions = () => reply;
            expect(await device.session.run()).toBeNull();
            expect(await device.device()).toMatchObject({owner: "A", failures: 1});
            expect(device.told).toEqual([{type: "reached", reached}]);
        },
    );

    test.each([429, 503])("waits as long as a %d says", async (status) => {
        const device = await new FakeContext().signedIn();
        device.server.sessions = () => problem(status, "throttled", {}, "3600");
        expect(await device.session.run()).toBeNull();
        expect((await device.device()).not_before).toBe(device.now + 3_600_000);
    });

    test("a revoked client stays blocked until the server lets it in again", async () => {
        const device = await new FakeContext().signedIn();
        await device.write();
        device.server.deliveries = (_call, number) => (number === 1 ? problem(401, "client_revoked") : undefined);
        await device.flush();
        device.server.sessions = () => problem(401, "client_revoked");
        expect(await device.session.run()).toBeNull();
        expect(await device.states()).toEqual(["blocked"]);
        const {id} = await device.write();
        device.server.calls.length = 0;
        expect(await device.flush()).toBe("blocked");
        expect(device.server.calls).toEqual([]);
        expect(await device.item(id)).toMatchObject({state: "blocked"});
        device.server.sessions = () => undefined;
        device.server.deliveries = () => undefined;
        await device.session.run();
        expect(await device.states()).toEqual(["queued", "queued"]);
        expect(await device.flush()).toBe("drained");
    });
});
