import {askDelay} from "../shared/backoff";
import {readDevice} from "../shared/device";
import {exchange} from "../shared/exchange";
import type {Announcement} from "../shared/messages";
import type {Outbox} from "../shared/outbox";
import type {Result} from "../shared/protocol";
import {verdictHere} from "../shared/results";
import type {Runtime} from "../shared/runtime";
import type {Settlement} from "../shared/schema";
import {isObject, isResult, parsed} from "../shared/verdict";

interface Waiting {
    promise: Promise<Settlement>;
    resolve: (settlement: Settlement) => void;
}

/** Promises of how items end, from any tab and after a reload. */
export class Receipts {
    private readonly waiting = new Map<string, Waiting>();

    constructor(private readonly runtime: Runtime, private readonly outbox: Outbox) {}

    settled(id: string): Promise<Settlement> {
        const known = this.waiting.get(id);
        if (known) return known.promise;
        const promise = this.expect(id);
        void this.look(id);
        return promise;
    }

    /** The same for an item that is still open. */
    expect(id: string): Promise<Settlement> {
        let resolve!: Waiting["resolve"];
        const promise = new Promise<Settlement>((done) => (resolve = done));
        this.waiting.set(id, {promise, resolve});
        return promise;
    }

    hear(announcement: Announcement): void {
        if (announcement.type === "owner") this.lookAgain();
        if (announcement.type !== "settled") return;
        const {id, aliases} = announcement.item;
        for (const name of [id, ...aliases]) this.settle(name, announcement.result);
    }

    /** Announcements may have been missed. */
    lookAgain(): void {
        for (const id of this.waiting.keys()) void this.look(id);
    }

    private async look(id: string): Promise<void> {
        try {
            const settlement = await this.outbox.settlement(id);
            if (settlement === undefined) await this.ask(id);
            else if (settlement !== "open") this.settle(id, settlement);
        } catch {
            // The outbox cannot be read now; the next announcement makes us look again.
        }
    }

    /** Long gone from this device: only the server knows, now or when it can be reached. */
    private async ask(id: string): Promise<void> {
        for (let asked = 0; this.waiting.has(id); asked += 1) {
            const result = await this.fetchResult(id);
            if (result === "unknown") return this.settle(id, verdictHere(id, "unknown_item"));
            if (result?.disposition === "done" || result?.disposition === "park") return this.settle(id, result);
            await new Promise((resume) => setTimeout(resume, askDelay(asked)));
        }
    }

    private async fetchResult(id: string): Promise<Result | "unknown" | undefined> {
        const {owner} = await this.runtime.db.read(readDevice);
        const headers = owner ? {"BGSync-Owner": owner} : {};
        const reply = await exchange(this.runtime, `v1/items/?id=${encodeURIComponent(id)}`, {headers});
        if (typeof reply === "string" || !reply.ours || reply.status !== 200) return undefined;
        const body = parsed(reply);
        const results = isObject(body) && Array.isArray(body["results"]) ? body["results"].filter(isResult) : undefined;
        return results && (results.find((result) => result.id === id) ?? "unknown");
    }

    private settle(id: string, settlement: Settlement): void {
        this.waiting.get(id)?.resolve(settlement);
        this.waiting.delete(id);
    }
}
