import {beforeEach, describe, expect, test, vi} from "vitest";

import {discard} from "../../src/page-parts/engine/choices";
import {SessionCheck} from "../../src/shared/context/session";
import {settleProvisional} from "../../src/shared/outbox/ownership";
import {BODY} from "../../src/shared/rows/captured";
import {Capturing, API} from "./support/capturing";
import {FakeContext} from "./support/device";
import {json, NO_NETWORK, page, problem} from "./support/server";

const NOTE = {text: "hi"};

let device: FakeContext;
let site: Capturing;

beforeEach(async () => {
    device = await new FakeContext(undefined, {context: "worker"}).signedIn();
    site = new Capturing(device);
});

describe("what is captured", () => {
    test.each(["POST", "PUT", "PATCH", "DELETE"])("%s to an address of the pattern", (method) => {
        expect(site.fetch("/api/notes/7/?full=1", {method})).not.toBeNull();
    });

    test.each<[string, string, RequestInit]>([
        ["a GET", "/api/notes/", {}],
        ["another address", "/pages/api/", {method: "POST"}],
        ["another site", "https://other.test/api/", {method: "POST"}],
        ["what brings a credential of its own", "/api/notes/", {method: "POST", headers: {Authorization: "Token t"}}],
        ["our own API", "/bgsync/v1/deliveries/", {method: "POST"}],
        ["our own replay", "/api/notes/", {method: "POST", headers: {"X-BGSync": "1"}}],
    ])("not %s", (_name, path, init) => {
        site = new Capturing(device, [API, {...API, url: "^/bgsync/"}]);
        expect(site.fetch(path, init)).toBeNull();
    });

    test("not a navigation: its answer is a page", () => {
        const request = Object.defineProperty(new Request("https://site.test/api/", {method: "POST"}), "mode", {value: "navigate"});
        expect(site.capture.patternOf(request)).toBeNull();
    });

    test("the methods of the pattern", () => {
        site = new Capturing(device, [{...API, methods: ["PUT"]}]);
        expect(site.fetch("/api/", {method: "POST"})).toBeNull();
        expect(site.fetch("/api/", {method: "PUT"})).not.toBeNull();
    });

    test("by the first pattern that matches", async () => {
        site = new Capturing(device, [{...API, url: "^/api/open/", verdict: "status"}, API]);
        site.answer = () => NO_NETWORK;
        await site.post(NOTE, {}, "/api/open/");
        await site.post(NOTE, {}, "/api/notes/");
        expect((await site.kept()).map(({request}) => request!.verdict)).toEqual(["status", "header"]);
    });

    test("nothing for a pattern that this browser cannot read", () => {
        const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
        site = new Capturing(device, [{...API, url: "(?P<id>x)"}, API]);
        expect(site.fetch("/api/", {method: "POST"})).not.toBeNull();
        expect(warn).toHaveBeenCalledOnce();
    });
});

describe("a request that is answered", () => {
    test("is the site's answer, and leaves nothing behind", async () => {
        const response = await site.post(NOTE);
        expect([response.status, await response.json()]).toEqual([201, {id: 7}]);
        expect(await device.stored()).toEqual([]);
    });

    test("has carried its key and whose it is from the first time on", async () => {
        await site.post(NOTE, {headers: {"Content-Type": "application/json", "X-Mine": "yes"}});
        const [{headers}] = site.seen as [Request];
        expect(headers.get("Idempotency-Key")).toMatch(/^"[0-9a-f]{8}-[0-9a-f]{4}-7/);
        expect(headers.get("BGSync-Owner")).toBe("A");
        expect(headers.get("BGSync-Client")).toBe((await device.device()).client);
        expect(headers.get("X-Mine")).toBe("yes");
        expect(await site.seen[0]!.text()).toBe('{"text":"hi"}');
    });

    test("keeps the key of its page", async () => {
        site.answer = (_request, number) => number === 1 ? NO_NETWORK : json({});
        await site.post(NOTE, {headers: {"Idempotency-Key": '"order \\"7\\""'}});
        expect(site.seen[0]!.headers.get("Idempotency-Key")).toBe('"order \\"7\\""');
        expect((await site.kept())[0]!.request!.key).toBe('order "7"');
    });

    test.each([400, 403, 404, 500, 503])("with %i is answered so: the page knows best", async (status) => {
        site.answer = () => page(status);
        expect((await site.post(NOTE)).status).toBe(status);
        expect(await device.stored()).toEqual([]);
    });

    test("by nobody's server is the page's business as well", async () => {
        site.answer = () => page();
        expect(await (await site.post(NOTE)).text()).toContain("Welcome to our hotel");
    });

    test("that somebody else is signed in is tried again as whoever it is now", async () => {
        site.answer = async (request) => {
            device.server.owner = "B";
            if (request.headers.get("BGSync-Owner") !== "B") return problem(409, "wrong_owner", {owner: "B"});
            return json(await request.json());
        };
        expect(await (await site.post(NOTE)).json()).toEqual(NOTE);
        expect(site.seen).toHaveLength(2);
    });
});

describe("a request that nobody answers", () => {
    beforeEach(() => void (site.answer = () => NO_NETWORK));

    test("is kept, and the page is told so and no more", async () => {
        const response = await site.post(NOTE);
        const [item] = await site.kept();
        expect([response.status, response.headers.get("X-BGSync"), response.headers.get("Content-Type")]).toEqual(
            [202, "queued", "application/json"],
        );
        expect(await response.json()).toEqual({bgsync: 1, id: item!.id, state: "queued"});
        expect(site.seen[0]!.headers.get("Idempotency-Key")).toBe(`"${item!.id}"`);
    });

    test("shows in the outbox like any item", async () => {
        await site.post(NOTE);
        expect(await device.outbox.list()).toMatchObject([{
            tag: "http:captured", state: "queued", payload: {method: "POST", path: "/api/notes/"},
            files: [{name: BODY, type: "application/json", size: 13}],
        }]);
        expect(device.told).toMatchObject([{type: "queued"}, {type: "change"}]);
    });

    test("wakes the worker when there is a network again", async () => {
        await site.post(NOTE);
        expect(site.register.mock.calls).toEqual([["bgsync:http:captured"]]);
    });

    test("cannot be taken back: it may have arrived", async () => {
        await site.post(NOTE);
        const [item] = await site.kept();
        await expect(discard(device.runtime, item!.id)).rejects.toMatchObject({code: "already_sent"});
    });

    test("is sent later, the same request under the same key", async () => {
        await site.post(NOTE);
        await device.flush();
        const [{url, init, headers}] = device.server.passed as [typeof device.server.passed[0]];
        expect([url, init.method]).toEqual(["https://site.test/api/notes/", "POST"]);
        expect(new TextDecoder().decode(init.body as ArrayBuffer)).toBe('{"text":"hi"}');
        expect(headers["Idempotency-Key"]).toBe(site.seen[0]!.headers.get("Idempotency-Key"));
        expect(await device.stored()).toEqual([]);
    });

    test("is kept where the browser sees no network, and not tried: it can be taken back", async () => {
        site.navigator.onLine = false;
        expect((await site.post(NOTE)).status).toBe(202);
        expect(site.seen).toEqual([]);
        const [item] = await site.kept();
        await discard(device.runtime, item!.id);
        expect(await device.stored()).toEqual([]);
    });

    test("is an error of the network where it is too large to be kept", async () => {
        await device.runtime.db.write(async (tx) => {
            const {changeDevice, readDevice} = await import("../../src/shared/rows/device");
            await changeDevice(tx, {limits: {...(await readDevice(tx)).limits, max_file_bytes: 5}});
        });
        await expect(site.post(NOTE)).rejects.toBe(NO_NETWORK);
        expect(await device.stored()).toEqual([]);
    });

    test("is an error of the network where it cannot be stored", async () => {
        const {db} = device.runtime;
        const write = db.write.bind(db);
        let writes = 0;
        vi.spyOn(db, "write").mockImplementation((work) => (writes += 1) > 1 ? Promise.reject(new Error("no room")) : write(work));
        await expect(site.post(NOTE)).rejects.toBe(NO_NETWORK);
    });

    test("passes as it is where the outbox hangs", async () => {
        vi.useFakeTimers({toFake: ["setTimeout"]});
        vi.spyOn(device.runtime.db, "write").mockReturnValue(new Promise(() => undefined));
        site.answer = () => json({});
        const answered = site.post(NOTE);
        await vi.advanceTimersByTimeAsync(3_000);
        expect((await answered).status).toBe(200);
        vi.useRealTimers();
    });

    test("passes as it is where nothing can be stored at all", async () => {
        vi.spyOn(device.runtime.db, "write").mockRejectedValue(new Error("refused"));
        site.answer = () => json({});
        expect((await site.post(NOTE)).status).toBe(200);
        expect(site.seen[0]!.headers.has("Idempotency-Key")).toBe(false);
    });
});

describe("while its page does not know whose session it is", () => {
    const kept = async () => (await site.kept()).map(({owner, state}) => [owner, state]);

    beforeEach(() => void (site.answer = () => NO_NETWORK));

    test("a request is the one's whom that page is told of", async () => {
        await site.post(NOTE);
        expect(await kept()).toEqual([["A", "queued"]]);
        device.server.owner = "B";
        await device.session.run();
        expect(await kept()).toEqual([["A", "blocked"]]);
        device.told.length = 0;
        await site.capture.confirm("page", "B");
        expect(await kept()).toEqual([["B", "queued"]]);
        expect(device.told).toEqual([{type: "change"}]);
    });

    test("it waits for that one, if somebody else has signed in since", async () => {
        await site.post(NOTE);
        device.server.owner = "C";
        await device.session.run();
        await site.capture.confirm("page", "B");
        expect(await kept()).toEqual([["B", "blocked"]]);
    });

    test("another page's session says nothing of it", async () => {
        await site.post(NOTE);
        device.server.owner = "B";
        await device.session.run();
        await site.capture.confirm("another page", "B");
        expect(await kept()).toEqual([["A", "blocked"]]);
    });

    test("nobody is no other owner", async () => {
        await site.post(NOTE);
        await site.capture.confirm("page", "");
        expect(await kept()).toEqual([["A", "queued"]]);
    });

    test("from then on its requests are the known one's", async () => {
        await site.capture.confirm("page", "A");
        await site.post(NOTE);
        expect((await site.kept())[0]).not.toHaveProperty("provisional");
    });
});

test("a page that learns whose session it is says so once", async () => {
    const told: string[] = [];
    const session = new SessionCheck(device.runtime, (tx, owner) => settleProvisional(tx, owner, "page"), (owner) => told.push(owner));
    device.runtime.isConfirmed = false;
    device.server.sessions = () => NO_NETWORK;
    await session.run();
    expect(told).toEqual([]);
    device.server.sessions = () => undefined;
    await session.run();
    await session.run();
    expect(told).toEqual(["A"]);
});

describe("half an answer", () => {
    const half = () => new Response(new ReadableStream({
        start(controller) {
            controller.enqueue(new TextEncoder().encode('{"id"'));
            controller.error(NO_NETWORK);
        },
    }), {headers: {"X-BGSync": "1"}});

    test("of our server is none: its rest is asked for under the same key", async () => {
        site.answer = half;
        expect((await site.post(NOTE)).status).toBe(202);
        expect(await site.kept()).toHaveLength(1);
    });

    test("that claims to be whole is none either, if it is JSON", async () => {
        site.answer = () => new Response('{"id"', {headers: {"X-BGSync": "1", "Content-Type": "application/json"}});
        expect((await site.post(NOTE)).status).toBe(202);
    });

    test.each([204, 200])("nothing is a whole answer (%i)", async (status) => {
        site.answer = () => new Response(null, {status, headers: {"X-BGSync": "1"}});
        expect((await site.post(NOTE)).status).toBe(status);
    });

    test("of somebody else's is the page's business", async () => {
        site.answer = () => new Response('{"id"', {headers: {"Content-Type": "application/json"}});
        expect(await (await site.post(NOTE)).text()).toBe('{"id"');
    });
});

describe("a page that goes away", () => {
    function aborting(): Promise<Response> {
        const controller = new AbortController();
        site.answer = () => {
            controller.abort();
            return controller.signal.reason as Error;
        };
        return site.post(NOTE, {signal: controller.signal});
    }

    test("leaves its request to the worker", async () => {
        site.page = undefined;
        await aborting();
        expect(await site.kept()).toHaveLength(1);
    });

    test("that has only changed its mind is obeyed", async () => {
        await expect(aborting()).rejects.toMatchObject({name: "AbortError"});
        expect(await site.kept()).toEqual([]);
    });
});

describe("while earlier ones wait", () => {
    beforeEach(async () => {
        site.answer = () => NO_NETWORK;
        await site.post({text: "first"});
        site.answer = () => json({});
    });

    test("they go first", async () => {
        const order: string[] = [];
        device.server.requests = () => (order.push("first"), json({}));
        site.answer = () => (order.push("second"), json({}));
        expect((await site.post({text: "second"})).status).toBe(200);
        expect(order).toEqual(["first", "second"]);
    });

    test("and cannot be sent, the next one is kept behind them, untried", async () => {
        device.server.requests = () => page(500);
        expect((await site.post({text: "second"})).status).toBe(202);
        expect((await site.kept()).map(({uncertain}) => uncertain)).toEqual([true, false]);
        expect(site.seen).toHaveLength(1);
    });

    test("those of another pattern are none of them", async () => {
        site = new Capturing(device, [{...API, url: "^/other/"}]);
        device.server.requests = () => page(500);
        expect((await site.post(NOTE, {}, "/other/")).status).toBe(201);
    });
});
