import {expect, test} from "vitest";

import {changeDevice} from "../../src/shared/rows/device";
import {DEFAULT_LIMITS} from "../../src/shared/vocabulary/protocol";
import {FakeContext} from "./support/device";
import {FakePage} from "./support/page";
import {json, problem, result, type Call} from "./support/server";

const LIMITS = {...DEFAULT_LIMITS, max_items: 2};

/** Two items a delivery, and every delivery is answered when the test says so. */
class Slow {
    readonly device = new FakeContext();
    /** Deliveries on their way, oldest first. */
    readonly waiting: {call: Call; answer: (response?: Response) => void}[] = [];

    async ready(): Promise<this> {
        await this.device.signedIn();
        await this.device.runtime.db.write((tx) => changeDevice(tx, {limits: LIMITS}));
        this.device.server.deliveries = (call) => new Promise((resolve) => {
            this.waiting.push({call, answer: (response = this.applied(call)) => resolve(response)});
        });
        return this;
    }

    applied({envelope}: Call): Response {
        return json({...this.device.server.answer(envelope.items.map(({id}) => result(id))), limits: LIMITS});
    }

    /** Answer the oldest delivery. */
    async answer(response?: Response): Promise<void> {
        await this.sees(1);
        this.waiting.shift()!.answer(response);
    }

    /** That many are on their way, and no more however long one waits. */
    async sees(count: number): Promise<void> {
        await expect.poll(() => this.waiting.length).toBeGreaterThanOrEqual(count);
        for (let turn = 0; turn < 20; turn += 1) await new Promise((resume) => setTimeout(resume));
        expect(this.waiting.length).toBeGreaterThanOrEqual(count);
    }

    async exactly(count: number): Promise<void> {
        await this.sees(count);
        expect(this.waiting.length).toBe(count);
    }
}

test("the next delivery is sent while one is on its way, once the server has answered; never a third", async () => {
    const slow = await new Slow().ready();
    const ids = await slow.device.writeMany(9);
    const ending = slow.device.flush();
    await slow.exactly(1);
    await slow.answer();
    await slow.exactly(2);
    for (let left = 4; left; left -= 1) await slow.answer();
    expect(await ending).toBe("drained");
    expect(slow.device.server.sent.flat()).toEqual(ids);
    expect(await slow.device.stored()).toEqual([]);
});

test("what follows in a lane waits until the server has spoken of what comes before it", async () => {
    const slow = await new Slow().ready();
    const ids = await slow.device.writeMany(5, {lane: "orders"});
    const ending = slow.device.flush();
    await slow.answer();
    await slow.exactly(1);
    await slow.answer();
    await slow.exactly(1);
    await slow.answer();
    expect(await ending).toBe("drained");
    expect(slow.device.server.sent).toEqual([ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);
});

test("a delivery that fails ends the flush when the other one has been written down too", async () => {
    const slow = await new Slow().ready();
    await slow.device.writeMany(8);
    const ending = slow.device.flush();
    await slow.answer();
    await slow.exactly(2);
    await slow.answer(problem(503, "unavailable", {}, "30"));
    await slow.exactly(1);
    await slow.answer();
    expect(await ending).toBe("postponed");
    expect(await slow.device.states()).toEqual(["queued", "queued", "queued", "queued"]);
    expect(slow.device.server.sent).toHaveLength(3);
});

test.each([
    ["offline", () => new TypeError("cut"), "failed"],
    ["busy", () => problem(503, "unavailable", {}, "30"), "postponed"],
    ["signed out", () => problem(401, "not_authenticated"), "blocked"],
])("what a delivery gives back when it ends the flush is not sent by it once more: %s", async (_, reply, ending) => {
    // Without Web Locks the next delivery begins with a write, so that this one may be over by then.
    new FakePage();
    const device = await new FakeContext(undefined, {locks: undefined}).signedIn();
    await device.runtime.db.write((tx) => changeDevice(tx, {limits: {...DEFAULT_LIMITS, max_items: 1}}));
    const ids = await device.writeMany(3);
    device.server.deliveries = ({envelope: {items}}, number) =>
        number > 1 ? reply() : json({...device.server.answer(items.map(({id}) => result(id))), limits: {...LIMITS, max_items: 1}});
    expect(await device.flush()).toBe(ending);
    expect(device.server.sent).toEqual([[ids[0]], [ids[1]]]);
});

test("what a server asks to wait for outlasts the answer to the other delivery", async () => {
    const slow = await new Slow().ready();
    await slow.device.writeMany(8);
    const ending = slow.device.flush();
    await slow.answer();
    await slow.exactly(2);
    await slow.answer(problem(429, "throttled", {}, "30"));
    await slow.answer();
    await ending;
    expect((await slow.device.device()).not_before).toBe(slow.device.now + 30_000);
    expect(await slow.device.flush()).toBe("postponed");
});

test("two deliveries that are refused at once are both divided", async () => {
    const slow = await new Slow().ready();
    await slow.device.writeMany(8);
    const ending = slow.device.flush();
    await slow.answer();
    await slow.exactly(2);
    slow.device.server.deliveries = (call) => slow.applied(call);
    await slow.answer(problem(400, "invalid_envelope"));
    await slow.answer(problem(400, "invalid_envelope"));
    expect(await ending).toBe("drained");
    expect(await slow.device.stored()).toEqual([]);
});

test("an answer that comes late does not bring back the owner before", async () => {
    const slow = await new Slow().ready();
    await slow.device.writeMany(8);
    const ending = slow.device.flush();
    await slow.answer();
    await slow.exactly(2);
    const late = slow.applied(slow.waiting[1]!.call);
    slow.device.server.owner = "B";
    await slow.answer(problem(409, "wrong_owner", {owner: "B"}));
    await expect.poll(async () => (await slow.device.device()).owner).toBe("B");
    await slow.answer(late);
    expect(await ending).toBe("drained");
    expect((await slow.device.device()).owner).toBe("B");
    expect(await slow.device.states()).toEqual(["blocked", "blocked", "blocked", "blocked"]);
});

test("items that lie between those which are done stay where they are", async () => {
    const device = await new FakeContext().signedIn();
    const ids = await device.writeMany(5);
    device.server.deliveries = ({envelope}) => json(device.server.answer(
        envelope.items.map(({id}) => result(id, id === ids[1] || id === ids[3] ? "rejected" : "applied")),
    ));
    await device.flush();
    expect((await device.stored()).map(({id, state}) => [id, state])).toEqual([[ids[1], "parked"], [ids[3], "parked"]]);
});
