import {describe, expect, test} from "vitest";

import {FakeContext, START} from "./support/device";
import {json, NO_NETWORK, page, problem, result, type Call} from "./support/server";

async function ready(): Promise<FakeContext> {
    return new FakeContext().signedIn();
}

function contains(call: Call, id: string): boolean {
    return call.envelope.items.some((item) => item.id === id);
}

describe("without a network", () => {
    test("one request is made, and no item is the worse for it", async () => {
        const device = await ready();
        await device.writeMany(250);
        device.server.deliveries = () => NO_NETWORK;
        expect(await device.flush()).toBe("failed");
        expect(device.server.envelopes).toHaveLength(1);
        expect(await device.stored()).toSatisfy((items: {state: string; failures: number}[]) => (
            items.every(({state, failures}) => state === "queued" && failures === 0)
        ));
        expect(device.heard("reached")).toMatchObject([{reached: "nobody"}]);
    });

    test("the timer waits longer each time, and what the user does goes out at once", async () => {
        const device = await ready();
        await device.write();
        device.server.deliveries = () => NO_NETWORK;
        await device.flush({trigger: "timer"});
        expect(await device.flush({trigger: "timer"})).toBe("postponed");
        device.now += 5_000;
        await device.flush({trigger: "timer"});
        expect(await device.device()).toMatchObject({failures: 2, next_try: START + 15_000});
        await device.write();
        await device.flush({trigger: "enqueue"});
        expect(device.server.sent.map((ids) => ids.length)).toEqual([1, 1, 2]);
    });

    test("an answer that breaks off is none", async () => {
        const device = await ready();
        await device.write();
        const broken = new ReadableStream({start: (controller) => controller.error(NO_NETWORK)});
        const headers = {"Content-Type": "application/json", "X-BGSync": "1"};
        device.server.deliveries = () => new Response(broken, {headers});
        expect(await device.flush()).toBe("failed");
        expect(await device.stored()).toMatchObject([{state: "queued", failures: 0, uncertain: true}]);
    });
});

describe("a stranger's answer", () => {
    test("keeps the items, which wait longer each time", async () => {
        const device = await ready();
        await device.write();
        device.server.deliveries = () => page();
        for (const failures of [1, 2, 3]) {
            expect(await device.flush()).toBe("failed");
            expect(await device.stored()).toMatchObject([{state: "queued", failures, last_error: "http_200"}]);
            device.now += 900_000;
        }
        expect(device.heard("reached").at(-1)).toMatchObject({reached: "stranger"});
    });

    test("ends the flush: the other batches are not tried on it", async () => {
        const device = await ready();
        await device.writeMany(250);
        device.server.deliveries = () => page(502);
        await device.flush();
        expect(device.server.envelopes).toHaveLength(1);
    });

    test("is waited out by the timer, not by a sync event", async () => {
        const device = await ready();
        await device.write();
        device.server.deliveries = (_call, number) => (number === 1 ? page(502) : undefined);
        await device.flush({trigger: "enqueue"});
        await device.flush({trigger: "timer"});
        expect(device.server.envelopes).toHaveLength(1);
        await device.flush({trigger: "sync"});
        expect(await device.states()).toEqual([]);
    });
});

test("a request that hangs is given up, sent again under the same id", async () => {
    const device = await new FakeContext(undefined, {timeout: 20}).signedIn();
    const {id} = await device.write();
    device.server.deliveries = (_call, number) => (number === 1 ? "hang" : undefined);
    expect(await device.flush()).toBe("failed");
    expect(await device.stored()).toMatchObject([{state: "queued", last_error: "timeout"}]);
    await device.flush();
    expect(device.server.sent).toEqual([[id], [id]]);
});

describe("a server that asks for time", () => {
    test.each([429, 503])("%i: nobody sends before it is up, not even a sync event", async (status) => {
        const device = await ready();
        await device.write();
        device.server.deliveries = (_call, number) => (number === 1 ? problem(status, "throttled", {}, "120") : undefined);
        expect(await device.flush()).toBe("postponed");
        expect(await device.stored()).toMatchObject([{state: "queued", failures: 0}]);
        device.now += 119_000;
        expect(await device.flush({trigger: "sync"})).toBe("postponed");
        device.now += 1_000;
        expect(await device.flush({trigger: "timer"})).toBe("drained");
        expect(device.server.envelopes).toHaveLength(2);
    });

    test("a clock that was set back does not make it a year", async () => {
        const device = await ready();
        await device.write();
        device.server.deliveries = (_call, number) => (number === 1 ? problem(503, "unavailable", {}, "60") : undefined);
        await device.flush();
        device.now -= 365 * 24 * 3_600_000;
        expect(await device.flush({trigger: "timer"})).toBe("drained");
    });
});

describe("a delivery that is refused as a whole", () => {
    test.each([
        [400, "invalid_envelope", 40], [413, "too_large", 40], [400, "invalid_envelope", 1], [400, "invalid_envelope", 63],
    ])("%i %s %i: is halved until the bad item is alone", async (status, code, place) => {
        const device = await ready();
        const ids = await device.writeMany(64);
        device.server.deliveries = (call) => (contains(call, ids[place]!) ? problem(status, code) : undefined);
        await device.flush();
        expect(await device.stored()).toMatchObject([{id: ids[place], state: "queued", failures: 1, last_error: code}]);
        expect(device.server.envelopes.length).toBeLessThan(20);
    });

    test("takes the limits it is told", async () => {
        const device = await ready();
        await device.writeMany(8);
        const limits = {max_items: 3, max_bytes: 1_048_576, max_item_bytes: 262_144};
        device.server.deliveries = ({envelope}) => (envelope.items.length > 3 ? problem(413, "too_large", {limits}) : undefined);
        await device.flush();
        expect(await device.states()).toEqual([]);
        expect((await device.device()).limits.max_items).toBe(100);
    });

    test("a refusal of everything ends soon", async () => {
        const device = await ready();
        await device.writeMany(64);
        device.server.deliveries = () => problem(400, "invalid_envelope");
        expect(await device.flush()).toBe("failed");
        expect(device.server.envelopes.length).toBeLessThan(16);
        expect(await device.states()).toEqual(Array(64).fill("queued"));
    });
});

test("an item a proxy will not let through does not hold up the others", async () => {
    const device = await ready();
    const ids = await device.writeMany(20);
    device.server.deliveries = (call) => (contains(call, ids[0]!) ? page(403) : undefined);
    for (let i = 0; i < 4; i += 1) {
        await device.flush();
        device.now += 900_000;
    }
    expect(await device.stored()).toMatchObject([{id: ids[0], state: "queued"}]);
});

describe("only our own word blocks", () => {
    test.each(["not_authenticated", "client_revoked"])("401 %s", async (code) => {
        const device = await ready();
        await device.writeMany(3);
        device.server.deliveries = (_call, number) => (number === 1 ? problem(401, code) : undefined);
        expect(await device.flush()).toBe("blocked");
        expect(await device.states()).toEqual(["blocked", "blocked", "blocked"]);
        expect(device.heard("blocked")).toHaveLength(3);
        await device.flush({trigger: "sync"});
        expect(device.server.envelopes).toHaveLength(1);
        await device.session.run();
        await device.flush({trigger: "login"});
        expect(await device.states()).toEqual([]);
    });

    test("409 wrong_owner: the flush goes on with the items of the right one", async () => {
        const device = await ready();
        const [theirs] = await device.writeMany(1);
        device.server.owner = "B";
        await device.session.run();
        const [ours] = await device.writeMany(1);
        device.server.owner = "A";
        expect(await device.flush()).toBe("drained");
        expect(device.server.envelopes.map(({owner, items}) => [owner, items[0]!.id])).toEqual([["B", ours], ["A", theirs]]);
        expect(await device.item(ours!)).toMatchObject({owner: "B", state: "blocked", failures: 0});
    });

    test("409 wrong_owner that names nobody: the session is asked", async () => {
        const device = await ready();
        await device.write();
        device.server.owner = "B";
        device.server.deliveries = () => problem(409, "wrong_owner");
        expect(await device.flush()).toBe("drained");
        expect(await device.device()).toMatchObject({owner: "B"});
        expect(await device.states()).toEqual(["blocked"]);
    });

    test.each([[401, page(401)], [403, page(403)], [409, page(409)]])("a foreign %i does not", async (_status, reply) => {
        const device = await ready();
        await device.write();
        device.server.deliveries = () => reply;
        await device.flush();
        expect(await device.states()).toEqual(["queued"]);
    });

    test("403 permission_denied does not", async () => {
        const device = await ready();
        await device.write();
        device.server.deliveries = () => problem(403, "permission_denied");
        expect(await device.flush()).toBe("failed");
        expect(await device.stored()).toMatchObject([{state: "queued", last_error: "permission_denied"}]);
        expect(device.heard("reached").at(-1)).toMatchObject({reached: "server"});
    });
});

test("a flush that is called off gives its items back as they were", async () => {
    const device = await ready();
    await device.writeMany(2);
    const controller = new AbortController();
    device.server.deliveries = () => {
        controller.abort();
        return "hang";
    };
    expect(await device.flusher.insist({trigger: "sync", signal: controller.signal})).toBe("aborted");
    expect(await device.stored()).toMatchObject([{state: "queued", failures: 0}, {state: "queued", failures: 0}]);
    expect((await device.device()).failures).toBe(0);
});

test("the server's own verdict lasts: what was settled twice is settled once", async () => {
    const device = await ready();
    const {id} = await device.write();
    device.server.deliveries = () => json(device.server.answer([result(id), result(id)]));
    await device.flush();
    expect(device.heard("settled")).toHaveLength(1);
});

test("a payload that is larger than the server allows by now is parked, and no longer sent", async () => {
    const device = await ready();
    const {id} = await device.write({payload: "x".repeat(200_000), bytes: 200_002});
    const limits = {...(await device.device()).limits, max_bytes: 150_000, max_item_bytes: 100_000};
    device.server.deliveries = () => problem(413, "too_large", {limits});
    await device.flush();
    expect(await device.item(id)).toMatchObject({state: "parked"});
});

test("a deferred result that does not say for how long is sent again", async () => {
    const device = await ready();
    await device.write();
    device.server.deliveries = ({envelope}, count) => {
        const {retry_after: _, ...rest} = result(envelope.items[0]!.id, "deferred");
        return count > 1 ? undefined : json(device.server.answer([rest as never]));
    };
    await device.flush();
    device.now += 60_000;
    await device.flush();
    expect(await device.states()).toEqual([]);
});
