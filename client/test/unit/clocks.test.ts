import {describe, expect, test} from "vitest";

import type {WireItem} from "../../src/shared/vocabulary/protocol";
import {FakeContext, START} from "./support/device";
import {FakeServer, json, NO_NETWORK, result} from "./support/server";

const DAY = 24 * 3_600_000;
const YEARS = 3 * 365 * DAY;

/** A server that has forgotten what is older than 400 days, and a device with a clock of its own. */
class World {
    now = START;
    readonly applied: WireItem[] = [];
    readonly sentAt: number[] = [];
    readonly device: FakeContext;
    private readonly server = new FakeServer(() => this.now);

    constructor(private wrong: number) {
        this.device = new FakeContext(this.server);
        this.device.now = this.now + wrong;
        this.connect();
    }

    /** The user, or the network, puts the device's clock right. */
    putRight(): void {
        this.wrong = 0;
        this.pass(0);
    }

    pass(time: number): void {
        this.now += time;
        this.device.now = this.now + this.wrong;
    }

    disconnect(): void {
        this.server.sessions = this.server.deliveries = () => NO_NETWORK;
    }

    connect(): void {
        this.server.sessions = () => undefined;
        this.server.deliveries = ({envelope}) => json(this.server.answer(envelope.items.map((item) => {
            if (mintedAt(item.id) < this.now - 400 * DAY) return result(item.id, "expired", {code: "id_too_old"});
            this.applied.push(item);
            this.sentAt.push(this.now - Date.parse(envelope.sent_at));
            return result(item.id);
        })));
    }

    async write(...texts: string[]): Promise<void> {
        for (const text of texts) await this.device.write({payload: text, lane: "x"});
    }

    async visit(): Promise<void> {
        await this.device.session.run();
        await this.device.flush({trigger: "load"});
    }

    get texts() {
        return this.applied.map(({payload}) => payload);
    }

    /** When the items were written, as the server works it out. */
    get writtenAt(): number[] {
        return this.applied.map(({created_at}, i) => Date.parse(created_at) + this.sentAt[i]!);
    }
}

function mintedAt(id: string): number {
    return parseInt(id.replace("-", "").slice(0, 12), 16);
}

describe.each([["ahead", YEARS], ["behind", -YEARS]])("a clock three years %s", (_name, wrong) => {
    test("is put right while items wait: each arrives once, in order", async () => {
        const world = new World(wrong);
        world.disconnect();
        await world.write("never met the server");
        await world.visit();
        world.pass(1_000);
        world.connect();
        await world.visit();
        await world.write("knows the server's clock");
        await world.visit();
        world.disconnect();
        await world.write("written before the clock was put right");
        await world.visit();
        world.putRight();
        await world.write("written after");
        await world.visit();
        world.connect();
        await world.visit();
        await world.write("all is well");
        await world.device.flush();
        expect(world.texts).toEqual([
            "never met the server", "knows the server's clock", "written before the clock was put right", "written after", "all is well",
        ]);
        expect(await world.device.states()).toEqual([]);
        expect([...world.applied].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(world.applied);
        // The first one of the past went on as a copy.
        expect(world.writtenAt).toEqual([wrong > 0 ? START : START + 1_000, ...Array<number>(4).fill(START + 1_000)]);
    });

    test("is put right in an open page: the next flush asks for the time before it sends", async () => {
        const world = new World(wrong);
        await world.visit();
        await world.write("before");
        world.putRight();
        await world.write("after");
        await world.device.flush();
        expect(world.texts).toEqual(["before", "after"]);
        expect(world.writtenAt[0]).toBe(START);
        expect((await world.device.device()).clock).toBe(0);
    });

    test("makes nothing old before its time, nor young again", async () => {
        const world = new World(wrong);
        await world.visit();
        world.disconnect();
        await world.write("x");
        world.putRight();
        await world.visit();
        expect(await world.device.states()).toEqual(["queued"]);
        world.connect();
        await world.visit();
        expect(world.texts).toEqual(["x"]);
    });
});

test("ids follow the server's clock as soon as it is known", async () => {
    const world = new World(-YEARS);
    await world.visit();
    const {id} = await world.device.write();
    expect(mintedAt(id)).toBe(START);
});

test("an id of the wrong years is given up by itself, once, and was never run", async () => {
    const world = new World(-YEARS);
    world.disconnect();
    const {id} = await world.device.write({lane: "x"});
    world.connect();
    await world.visit();
    expect(world.applied).toHaveLength(1);
    expect(mintedAt(world.applied[0]!.id)).toBe(START);
    expect(await world.device.outbox.settlement(id)).toMatchObject({id: world.applied[0]!.id, status: "applied"});
    expect(world.device.heard("parked")).toEqual([]);
});
