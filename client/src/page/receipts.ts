import type {Announcement} from "../shared/outbox/messages";
import type {Outbox} from "../shared/outbox/outbox";
import type {Settlement} from "../shared/rows/schema";
import type {Result} from "../shared/vocabulary/protocol";

interface Waiting {
    promise: Promise<Settlement>;
    resolve: (settlement: Settlement) => void;
}

/** Promises of how items end, from any tab and after a reload. */
export class Receipts {
    private readonly waiting = new Map<string, Waiting>();

    /** `ask` the server for what is long gone from this device, while the second argument says that it is still awaited. */
    constructor(
        private readonly outbox: Outbox, private readonly ask: (id: string, isAwaited: () => boolean) => Promise<Result | null>,
    ) {}

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
            const settlement = (await this.outbox.settlement(id)) ?? (await this.ask(id, () => this.waiting.has(id)));
            if (settlement && settlement !== "open") this.settle(id, settlement);
        } catch {
            // The outbox cannot be read now, or the server not be asked; another look follows.
        }
    }

    private settle(id: string, settlement: Settlement): void {
        this.waiting.get(id)?.resolve(settlement);
        this.waiting.delete(id);
    }
}
