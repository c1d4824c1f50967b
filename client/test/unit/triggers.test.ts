import {afterEach, beforeEach, describe, expect, test, vi} from "vitest";

import type {WorkerRegistration} from "../../src/page/registration";
import {Triggers} from "../../src/page/triggers";
import {StorageUnavailableError} from "../../src/shared/vocabulary/errors";
import {FakeContext} from "./support/device";
import {FakePage, settle, until, withEngine, withTriggers} from "./support/page";
import {json, NO_NETWORK, problem, result} from "./support/server";

let page: FakePage;

beforeEach(() => {
    page = new FakePage();
    vi.useFakeTimers({toFake: ["setTimeout", "clearTimeout"]});
});

afterEach(() => vi.useRealTimers());

function triggersOf(device: FakeContext): string[] {
    return device.server.envelopes.map(({trigger}) => trigger);
}

function sessionsOf(device: FakeContext): number {
    return device.server.calls.filter(({envelope}) => !envelope).length;
}

/** The device's clock and the timers go on together. */
async function pass(device: FakeContext, milliseconds: number): Promise<void> {
    device.now += milliseconds;
    await vi.advanceTimersByTimeAsync(milliseconds);
    await settle();
}

describe("a page that opens", () => {
    test("asks whose session it is, then sends what is left", async () => {
        const device = await new FakeContext().signedIn();
        await device.writeMany(2);
        device.runtime.isConfirmed = false;
        const {triggers, armed} = withTriggers(device);
        triggers.start();
        await until(() => device.server.envelopes.length && armed.length);
        expect(device.server.calls.map(({envelope}) => envelope?.trigger)).toEqual([undefined, "load"]);
        expect(armed).toEqual([["post"]]);
    });

    test("has nothing to send: no delivery", async () => {
        const device = new FakeContext();
        withTriggers(device).triggers.start();
        await settle();
        expect(device.server.calls).toHaveLength(1);
    });

    test("looks again within a minute where it could not read the outbox", async () => {
        const device = await new FakeContext().signedIn();
        await device.write();
        const locked = vi.spyOn(device.runtime.db, "read").mockRejectedValue(new StorageUnavailableError());
        withTriggers(device).triggers.start();
        await settle();
        expect(device.server.calls).toEqual([]);
        locked.mockRestore();
        await pass(device, 60_000);
        await until(() => device.server.envelopes.length);
        expect(await device.states()).toEqual([]);
    });

    test("after a login sends what waited for it", async () => {
        const device = await new FakeContext().signedIn();
        await device.write();
        device.server.owner = null;
        await device.session.run();
        device.server.owner = "A";
        device.runtime.isConfirmed = false;
        withTriggers(device).triggers.start();
        await until(() => device.server.envelopes.length);
        expect(triggersOf(device)).toEqual(["login"]);
    });

    test("lets what is written meanwhile wait for the answer", async () => {
        const before = await new FakeContext().signedIn();
        before.server.owner = "B";
        const device = new FakeContext(before.server);
        const {triggers} = withTriggers(device);
        triggers.start();
        await device.write({provisional: device.runtime.instance});
        triggers.enqueued("post");
        await until(() => device.server.envelopes.length);
        await settle();
        expect(device.server.envelopes.map(({owner, trigger}) => [owner, trigger])).toEqual([["B", "enqueue"]]);
    });
});

describe("a page that stays open", () => {
    async function opened(): Promise<[FakeContext, ReturnType<typeof withTriggers>]> {
        const device = await new FakeContext().signedIn();
        const parts = withTriggers(device);
        parts.triggers.start();
        await settle();
        return [device, parts];
    }

    test("sends what is written, and asks for the browser's help", async () => {
        const [device, {triggers, armed}] = await opened();
        await device.write();
        triggers.enqueued("post");
        await until(() => device.server.envelopes.length);
        expect(triggersOf(device)).toEqual(["enqueue"]);
        expect(armed).toEqual([["post"]]);
    });

    test.each(["online", "visible"] as const)("sends when it is %s", async (event) => {
        const [device] = await opened();
        await device.write();
        page.dispatch(event);
        await until(() => device.server.envelopes.length);
        expect(triggersOf(device)).toEqual([event]);
    });

    test("does nothing when it is hidden", async () => {
        const [device] = await opened();
        await device.write();
        page.dispatch("hidden");
        await settle();
        expect(device.server.calls).toEqual([]);
    });

    test("tries again when the wait is over, until it has arrived", async () => {
        const [device, {triggers}] = await opened();
        device.server.deliveries = (_call, number) => (number < 3 ? NO_NETWORK : undefined);
        await device.write();
        triggers.enqueued("post");
        await settle();
        await pass(device, 4_999);
        expect(triggersOf(device)).toEqual(["enqueue"]);
        await pass(device, 1);
        expect(triggersOf(device)).toEqual(["enqueue", "timer"]);
        await pass(device, 10_000);
        expect(triggersOf(device)).toEqual(["enqueue", "timer", "timer"]);
        await pass(device, 3_600_000);
        expect(device.server.envelopes).toHaveLength(3);
        expect(await device.states()).toEqual([]);
    });

    test.each([["nobody", () => NO_NETWORK], ["a proxy's error", () => json({}, {status: 502})]])(
        "tries again in its time after a clock that was years ahead is put right, having met %s", async (_name, answer) => {
            const [device, {triggers}] = await opened();
            device.now += 3 * 365 * 86_400_000;
            device.server.deliveries = answer;
            await device.write();
            triggers.enqueued("post");
            await settle();
            device.now -= 3 * 365 * 86_400_000;
            device.server.sessions = device.server.deliveries = () => NO_NETWORK;
            page.dispatch("visible");
            await settle();
            device.server.sessions = device.server.deliveries = () => undefined;
            await pass(device, 10_000);
            expect(triggersOf(device).at(-1)).toBe("timer");
            expect(await device.states()).toEqual([]);
        },
    );

    test("waits as long as the server asked for", async () => {
        const [device, {triggers}] = await opened();
        device.server.deliveries = (_call, number) => (number === 1 ? problem(503, "unavailable", {}, "120") : undefined);
        await device.write();
        triggers.enqueued("post");
        await settle();
        await pass(device, 119_000);
        page.dispatch("visible");
        await settle();
        expect(device.server.envelopes).toHaveLength(1);
        await pass(device, 1_000);
        expect(triggersOf(device)).toEqual(["enqueue", "timer"]);
    });

    test("asks after what the server has accepted, less and less often, while it is visible", async () => {
        const [device, {triggers}] = await opened();
        device.server.deliveries = ({envelope}) => json(device.server.answer(
            envelope.items.map(({id}) => result(id, "accepted")),
        ));
        await device.write();
        triggers.enqueued("post");
        await settle();
        const waits = [];
        for (let i = 0; i < 4; i += 1) {
            const before = device.server.envelopes.length;
            const start = device.now;
            while (device.server.envelopes.length === before) await pass(device, 1_000);
            waits.push(device.now - start);
        }
        expect(waits).toEqual([1_000, 2_000, 4_000, 8_000]);
        page.dispatch("hidden");
        await pass(device, 16_000);
        const asked = device.server.envelopes.length;
        await pass(device, 3_600_000);
        expect(device.server.envelopes).toHaveLength(asked);
    });

    test("asks for the session again only when somebody has to sign in", async () => {
        const [device, {triggers}] = await opened();
        page.dispatch("visible");
        await settle();
        expect(sessionsOf(device)).toBe(0);
        device.server.deliveries = (_call, number) => (number === 1 ? problem(401, "not_authenticated") : undefined);
        await device.write();
        triggers.enqueued("post");
        await settle();
        page.dispatch("visible");
        await until(() => device.server.envelopes.length === 2);
        expect(triggersOf(device)).toEqual(["enqueue", "login"]);
    });

    test("asks again after it was in the back/forward cache", async () => {
        const [device, {triggers}] = await opened();
        device.server.owner = "B";
        triggers.ask("visible");
        await settle();
        expect(await device.device()).toMatchObject({owner: "B"});
    });
});

describe("without the part that talks to the server", () => {
    function cutOff(device: FakeContext, times: number) {
        const {engine} = withEngine(device);
        const load = vi.fn(() => (load.mock.calls.length > times ? Promise.resolve(engine) : Promise.reject(new Error("offline"))));
        const registration = {arm: () => Promise.resolve()} as unknown as WorkerRegistration;
        return {triggers: new Triggers(device.runtime, registration, load), load};
    }

    test("what is written waits, and the next trigger tries again", async () => {
        const device = await new FakeContext().signedIn();
        const {triggers} = cutOff(device, 2);
        triggers.start();
        await device.write();
        triggers.enqueued("post");
        await settle();
        expect(device.server.calls).toEqual([]);
        page.dispatch("online");
        await until(() => device.server.envelopes.length);
        expect(triggersOf(device)).toEqual(["online"]);
    });

    test("the page tries again by itself", async () => {
        const device = await new FakeContext().signedIn();
        const {triggers, load} = cutOff(device, 2);
        await device.write();
        triggers.start();
        await settle();
        await pass(device, 4_999);
        expect(load).toHaveBeenCalledTimes(1);
        await pass(device, 1);
        expect(load).toHaveBeenCalledTimes(2);
        await pass(device, 10_000);
        await until(() => device.server.envelopes.length);
        await pass(device, 3_600_000);
        expect(load).toHaveBeenCalledTimes(3);
    });

    test("a flush that is asked for resolves all the same", async () => {
        const device = await new FakeContext().signedIn();
        await cutOff(device, Infinity).triggers.resume("manual");
        expect(device.server.calls).toEqual([]);
    });
});

test("a page that could not ask whose session it is tries again by itself", async () => {
    const device = new FakeContext();
    device.server.sessions = () => (sessionsOf(device) < 3 ? NO_NETWORK : undefined);
    withTriggers(device).triggers.start();
    await settle();
    await pass(device, 5_000);
    await pass(device, 10_000);
    expect(device.runtime.isConfirmed).toBe(true);
    await pass(device, 3_600_000);
    expect(sessionsOf(device)).toBe(3);
});
