import {beforeEach, describe, expect, test} from "vitest";

import {retry} from "../../src/page-parts/engine/choices";
import {BODY, CAPTURED, laneOf, type StoredRequest} from "../../src/shared/rows/captured";
import {Replay} from "../../src/shared/requests/replay";
import type {StoredItem} from "../../src/shared/rows/schema";
import {FakeContext} from "./support/device";
import {FakePage} from "./support/page";
import {json, NO_NETWORK, page, problem} from "./support/server";

const REQUEST: StoredRequest = {
    method: "PATCH", path: "/api/notes/7/?full=1", headers: [["content-type", "application/json"]], verdict: "header",
};

let device: FakeContext;

beforeEach(async () => {
    device = await new FakeContext().signedIn();
    device.runtime.replay = (session, lock, cause) => new Replay(device.runtime, session, lock, cause).run();
});

/** As the worker captures it. */
async function capture(request: Partial<StoredRequest> = {}, more: Partial<Omit<StoredItem, "files">> = {}): Promise<StoredItem> {
    const full = {...REQUEST, ...request};
    const content = new TextEncoder().encode('{"text": "hi"}').buffer;
    const files = [{name: BODY, filename: "", type: "application/json", size: content.byteLength, content}];
    const payload = {method: full.method, path: full.path};
    return device.write({tag: CAPTURED, lane: laneOf("^/api/"), payload, bytes: 50, files, request: full, ...more});
}

describe("a captured request", () => {
    test("is sent as it was, with its key and what proves now who sends it", async () => {
        const {id} = await capture();
        await device.flush();
        const [{url, init, headers}] = device.server.passed as [typeof device.server.passed[0]];
        expect(url).toBe("https://site.test/api/notes/7/?full=1");
        expect(init).toMatchObject({method: "PATCH", credentials: "same-origin", redirect: "manual", cache: "no-store"});
        expect(new TextDecoder().decode(init.body as ArrayBuffer)).toBe('{"text": "hi"}');
        const {client} = await device.device();
        expect(headers).toEqual({
            "Content-Type": "application/json", "Idempotency-Key": `"${id}"`, "BGSync-Owner": "A", "BGSync-Client": client,
            "X-BGSync": "1", "X-CSRFToken": "token",
        });
    });

    test("never goes into a delivery, nor is the server asked for news of it", async () => {
        await capture();
        device.server.requests = () => problem(404, "not_found");
        await device.flush();
        await device.flush();
        expect(await device.states()).toEqual(["parked"]);
        expect(device.server.envelopes).toEqual([]);
    });

    test("keeps the key that its page has given it", async () => {
        await capture({key: "order-7"});
        await device.flush();
        expect(device.server.passed[0]!.headers["Idempotency-Key"]).toBe('"order-7"');
    });

    test("that was applied leaves the outbox, and tells what was answered", async () => {
        const {id} = await capture();
        await device.flush();
        expect(await device.stored()).toEqual([]);
        expect(await device.outbox.settlement(id)).toMatchObject({status: "applied", result: {status: 201, body: {id: 7}}});
        expect(device.told.map(({type}) => type).filter((type) => type !== "change" && type !== "reached")).toEqual(["sent", "settled"]);
    });

    test("that is refused parks with what the server said", async () => {
        const {id} = await capture();
        device.server.requests = () => json({text: ["too long"]}, {status: 400});
        await device.flush();
        const problem_ = {status: 400, detail: "", errors: {text: ["too long"]}};
        expect(await device.item(id)).toMatchObject({state: "parked", result: {code: "http_400", problem: problem_}});
    });

    test("that is tried again has a new key: under the old one the old answer is kept", async () => {
        const {id} = await capture({key: "order-7"});
        device.server.requests = (_call, number) => number === 1 ? problem(422, "payload_mismatch") : json({});
        await device.flush();
        const copy = await retry(device.runtime, id);
        await device.flush();
        expect(copy.id).not.toBe(id);
        expect(device.server.passed[1]!.headers["Idempotency-Key"]).toBe(`"${copy.id}"`);
        expect(await device.outbox.settlement(id)).toMatchObject({status: "applied"});
    });

    test("does not leave for another site, whoever has written it", async () => {
        await capture({path: "//evil.test/x"});
        await device.flush();
        expect(device.server.passed).toEqual([]);
        expect(await device.states()).toEqual(["queued"]);
    });

    test("waits for a connection, and nothing is counted against it", async () => {
        const {id} = await capture();
        device.server.requests = () => NO_NETWORK;
        expect(await device.flush()).toBe("failed");
        expect(await device.item(id)).toMatchObject({state: "queued", failures: 0, uncertain: true});
        expect(await device.device()).toMatchObject({failures: 1});
    });
});

describe("the order of captured requests", () => {
    test("is kept within a pattern: what waits holds those behind it", async () => {
        await capture({path: "/api/1/"});
        await capture({path: "/api/2/"});
        device.server.requests = () => page(503);
        await device.flush();
        expect(device.server.passed.map(({url}) => url)).toEqual(["https://site.test/api/1/"]);
        device.server.requests = () => json({});
        await device.flush();
        expect(device.server.passed.map(({url}) => url.slice(-2))).toEqual(["1/", "1/", "2/"]);
    });

    test("is nobody's business in another pattern", async () => {
        await capture({path: "/api/1/"});
        await capture({path: "/other/"}, {lane: laneOf("^/other/")});
        device.server.requests = ({url}) => url.endsWith("/other/") ? json({}) : page(500);
        await device.flush();
        expect((await device.stored()).map(({request}) => request!.path)).toEqual(["/api/1/"]);
    });

    test("is not held by what is parked", async () => {
        await capture({path: "/api/1/"});
        await capture({path: "/api/2/"});
        device.server.requests = ({url}) => url.endsWith("1/") ? problem(400, "invalid") : json({});
        await device.flush();
        expect(await device.states()).toEqual(["parked"]);
    });
});

test("what another context is sending is not sent beside it, nor overtaken", async () => {
    new FakePage();
    device = await new FakeContext(device.server, {locks: undefined}).signedIn();
    device.runtime.replay = (session, lock, cause) => new Replay(device.runtime, session, lock, cause).run();
    await capture({path: "/api/1/"}, {state: "sending", lease_by: "other", lease_until: device.now + 30_000});
    await capture({path: "/api/2/"});
    await device.flush();
    expect(device.server.passed).toEqual([]);
});

describe("whose session it is", () => {
    test("somebody else's: the request waits for its owner", async () => {
        await capture();
        device.server.requests = () => {
            device.server.owner = "B";
            return problem(409, "wrong_owner", {owner: "B"});
        };
        await device.flush();
        expect(await device.states()).toEqual(["blocked"]);
        expect(device.server.passed).toHaveLength(1);
    });

    test("a server that contradicts itself is not asked for ever", async () => {
        await capture();
        device.server.requests = () => problem(409, "wrong_owner", {owner: "B"});
        await device.flush();
        expect(device.server.passed).toHaveLength(2);
        expect(await device.states()).toEqual(["queued"]);
    });

    test("nobody's: a 401 or 403 of the view blocks it", async () => {
        await capture();
        device.server.requests = () => {
            device.server.owner = null;
            return new Response("{}", {status: 403, headers: {"Content-Type": "application/json"}});
        };
        await device.flush();
        expect(await device.states()).toEqual(["blocked"]);
    });

    test("a CSRF token that is none any more is replaced, once", async () => {
        device = await new FakeContext(device.server, {csrfCookie: () => Promise.resolve(null)}).signedIn();
        device.runtime.replay = (session, lock, cause) => new Replay(device.runtime, session, lock, cause).run();
        await capture();
        device.server.token = "rotated";
        device.server.requests = ({headers}) => headers["X-CSRFToken"] === "rotated" ? json({}) : new Response("", {status: 403});
        await device.flush();
        expect(device.server.passed).toHaveLength(2);
        expect(await device.stored()).toEqual([]);
    });

    test("is asked just before, where a status is all there will be", async () => {
        await capture({verdict: "status"});
        device.server.owner = "B";
        await device.flush();
        expect(device.server.passed).toEqual([]);
        expect(await device.states()).toEqual(["blocked"]);
    });

    test("a visitor's goes under the name that the server may know it by", async () => {
        await capture({}, {visitor: {owner: "V", client: "the visitor's"}, uncertain: true, send_count: 1});
        await device.flush();
        expect(device.server.passed[0]!.headers).toMatchObject({"BGSync-Owner": "V", "BGSync-Client": "the visitor's"});
        expect(await device.stored()).toEqual([]);
    });

    test("a visitor's whom the server knows as somebody else: what it has never seen goes on as its owner's", async () => {
        await capture({}, {visitor: {owner: "V", client: "the visitor's"}});
        device.server.requests = ({headers}) => headers["BGSync-Owner"] === "V" ? problem(409, "wrong_owner", {owner: "A"}) : json({});
        await device.flush();
        expect(await device.states()).toEqual(["queued"]);
        device.now += 3_600_000;
        await device.flush();
        expect(device.server.passed.map(({headers}) => headers["BGSync-Owner"])).toEqual(["V", "A"]);
        expect(await device.stored()).toEqual([]);
    });

    test("a visitor's whom the server knows as somebody else: what it may have seen does not", async () => {
        await capture({}, {visitor: {owner: "V", client: "the visitor's"}, uncertain: true, send_count: 1});
        device.server.requests = () => problem(409, "wrong_owner", {owner: "A"});
        await device.flush();
        expect(await device.stored()).toMatchObject([{state: "queued", visitor: {owner: "V"}}]);
    });

    test("a revoked client stops", async () => {
        await capture();
        device.server.requests = () => problem(401, "client_revoked");
        expect(await device.flush()).toBe("blocked");
        expect(await device.device()).toMatchObject({isRevoked: true});
        expect(await device.states()).toEqual(["blocked"]);
    });
});

test("Retry-After is obeyed", async () => {
    const {id} = await capture();
    device.server.requests = () => new Response("", {status: 429, headers: {"Retry-After": "120"}});
    await device.flush();
    await device.flush();
    expect(device.server.passed).toHaveLength(1);
    expect((await device.item(id)).not_before).toBe(device.now + 120_000);
});

test("a lost answer is asked for again under the same key, however old the request is by now", async () => {
    const {id} = await capture({}, {uncertain: true, send_count: 1, expires_at: 1});
    await device.flush();
    expect(device.server.passed[0]!.headers["Idempotency-Key"]).toBe(`"${id}"`);
    expect(await device.stored()).toEqual([]);
});
