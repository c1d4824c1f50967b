import {configure, type Options} from "../shared/configuration";
import type {Flusher} from "../shared/flusher";
import type {FileNote} from "../shared/files";
import type {Counts} from "../shared/items";
import {news, type Announcement} from "../shared/messages";
import type {Added, Outbox} from "../shared/outbox";
import type {Capabilities, Json, Result} from "../shared/protocol";
import type {Runtime} from "../shared/runtime";
import type {ItemState, Settlement, StoredItem} from "../shared/schema";
import type {SessionCheck} from "../shared/session";
import type {Connection, ConnectionState} from "./connection";
import {readAttachments} from "./attachments";
import {exported, type Export} from "./export";
import {readDraft, type EnqueueOptions} from "./draft";
import type {LastFlush} from "./last-flush";
import {logout, type LoggedOut, type Pending} from "./logout";
import type {Persistence} from "./persistence";
import type {Receipts} from "./receipts";
import type {WorkerRegistration} from "./registration";
import type {Triggers} from "./triggers";
import type {Updates} from "./updates";

export interface Item {
    id: string;
    tag: string;
    lane: string;
    seq: number;
    state: ItemState;
    payload: Json;
    /** Without their contents. */
    files: FileNote[];
    /** ISO 8601, by the device's clock. */
    createdAt: string;
    sendCount: number;
    /** The latest verdict of an accepted or parked item. */
    result: Result | null;
}

export interface Receipt {
    id: string;
    /** Committed on this device; nothing more is claimed. */
    state: "queued";
    /** Resolves with how the item ended; never rejects. */
    settled: Promise<Settlement>;
}

export interface Filter {
    tag?: string;
    lane?: string;
    state?: ItemState;
    limit?: number;
}

interface Parts {
    runtime: Runtime;
    outbox: Outbox;
    session: SessionCheck;
    receipts: Receipts;
    triggers: Triggers;
    flusher: Flusher;
    lastFlush: LastFlush;
    persistence: Persistence;
    registration: WorkerRegistration;
    updates: Updates;
    reach: Connection;
    activated: Promise<void>;
}

/** `window.bgsync`. Everything it shows belongs to the current owner. */
export class Bgsync extends EventTarget {
    readonly #parts: Parts;
    #before: Promise<unknown> = Promise.resolve();

    /** @internal */
    constructor(parts: Parts) {
        super();
        this.#parts = parts;
    }

    /** Rejects with a BgsyncError if the item could not be committed on this device. */
    async enqueue(tag: string, payload: unknown, options: EnqueueOptions = {}): Promise<Receipt> {
        const {runtime, session, outbox, receipts, activated} = this.#parts;
        const draft = readDraft(tag, payload, options);
        draft.files = await this.#inTurn(readAttachments(runtime.db, options.files ?? {}));
        await activated;
        const written = await outbox.add(session.isConfirmed ? draft : {...draft, provisional: runtime.instance});
        void this.#follow(written);
        const {id} = written.item;
        return {id, state: "queued", settled: receipts.expect(id)};
    }

    /** How requests prove whose they are, where cookies do not. */
    configure(options: Options): void {
        configure(this.#parts.runtime, options);
        this.#parts.triggers.ask();
    }

    /** To be called before the session ends. Resolves with what became of the unsent items. */
    logout({pending = "keep"}: {pending?: Pending} = {}): Promise<LoggedOut> {
        const {runtime, session, outbox, flusher} = this.#parts;
        return logout(runtime, session, outbox, flusher, pending);
    }

    /** How an item ended, from any tab and after a reload. Never rejects. */
    settled(id: string): Promise<Settlement> {
        return this.#parts.receipts.settled(id);
    }

    /** Send now what our own backoff would hold. Resolves when it has been tried. */
    async flush(): Promise<void> {
        await this.#parts.activated;
        await this.#parts.triggers.resume("manual");
    }

    /** Resolves when nothing waits to be sent or to be applied; parked items wait for nobody. */
    async idle({lane}: Pick<Filter, "lane"> = {}): Promise<void> {
        while (await this.#isWaiting(lane)) {
            await new Promise((resume) => this.addEventListener("change", resume, {once: true}));
        }
    }

    counts(): Promise<Counts> {
        return this.#parts.outbox.counts();
    }

    async get(id: string): Promise<Item | null> {
        const item = await this.#parts.outbox.get(id);
        return item ? view(item) : null;
    }

    /** In the order they were written. */
    async list({tag, lane, state, limit}: Filter = {}): Promise<Item[]> {
        const matches = (item: StoredItem) => (
            (tag === undefined || item.tag === tag)
            && (lane === undefined || item.lane === lane)
            && (state === undefined || item.state === state)
        );
        return (await this.#parts.outbox.list(matches, limit)).map(view);
    }

    /** Try a parked item again. Rejects with NotRetryableError for one that cannot be. */
    async retry(id: string): Promise<Item> {
        const {runtime, outbox, triggers} = this.#parts;
        const item = await outbox.retry(id);
        runtime.announce({type: "queued", item: news(item)}, {type: "change"});
        triggers.enqueued(item.tag);
        return view(item);
    }

    /** Rejects with AlreadySentError for an item that the server may hold. */
    async discard(id: string): Promise<void> {
        const {runtime, outbox} = this.#parts;
        const item = await outbox.discard(id);
        if (!item) return;
        runtime.announce(ended(item, "discarded"), {type: "change"});
    }

    /** Delete the parked items, or with `all` everything there is. Resolves with how many there were. */
    async clear({all = false}: {all?: boolean} = {}): Promise<number> {
        const {runtime, outbox} = this.#parts;
        const {discarded, withdrawn} = await outbox.clear(all);
        runtime.announce(...discarded.map((item) => ended(item, "discarded")));
        // Whoever waits for these has to ask the server.
        if (withdrawn.length) runtime.announce({type: "owner"});
        runtime.announce({type: "change"});
        return discarded.length + withdrawn.length;
    }

    /** Everything in the outbox as data. */
    async export(): Promise<Export> {
        const {outbox, runtime} = this.#parts;
        const items = (await outbox.list()).map(async (item) => ({...view(item), files: item.files ? await outbox.files(item) : []}));
        return exported(await Promise.all(items), runtime.now());
    }

    get connection(): ConnectionState {
        return this.#parts.reach.state;
    }

    capabilities(): Promise<Capabilities & {pendingSyncTags: string[]}> {
        return this.#parts.registration.capabilities();
    }

    /** Switch to a new worker that waits; load the page anew afterwards. Resolves false if none does. */
    update(): Promise<boolean> {
        return this.#parts.updates.apply();
    }

    /** What the commit of an item entails. Whoever has waited for the commit alone goes first. */
    async #follow({item, superseded}: Added): Promise<void> {
        const {runtime, triggers, lastFlush, persistence} = this.#parts;
        await null;
        await null;
        const old = superseded.map((other) => ended(other, "superseded"));
        runtime.announce(...old, {type: "queued", item: news(item)}, {type: "change"});
        lastFlush.add(item);
        triggers.enqueued(item.tag);
        await persistence.ask().catch(() => undefined);
    }

    /** Large files must not let what is enqueued after them overtake. */
    async #inTurn<T>(reading: Promise<T>): Promise<T> {
        const before = this.#before;
        this.#before = Promise.allSettled([before, reading]);
        await before;
        return reading;
    }

    async #isWaiting(lane: string | undefined): Promise<boolean> {
        const isOne = (item: StoredItem) => item.state !== "parked" && (lane === undefined || item.lane === lane);
        return (await this.#parts.outbox.list(isOne, 1)).length > 0;
    }
}

/** The event a page listens to, null for what only concerns ourselves, or a newer release in another context. */
export function eventOf(announcement: Announcement): Event | null {
    switch (announcement.type) {
        case "change":
            return new Event("change");
        case "queued":
        case "blocked":
        case "sent":
        case "parked":
        case "settled": {
            const {type, item} = announcement;
            const {aliases: _, ...detail} = item;
            return new CustomEvent(type, {detail: "result" in announcement ? {...detail, result: announcement.result} : detail});
        }
        default:
            return null;
    }
}

function ended(item: StoredItem, status: "discarded" | "superseded"): Announcement {
    return {type: "settled", item: news(item), result: {id: item.id, status}};
}

function view(item: StoredItem): Item {
    const {id, tag, lane, seq, state, payload, files = [], result} = item;
    const createdAt = new Date(item.created_at).toISOString();
    return {id, tag, lane, seq, state, payload, files, createdAt, sendCount: item.send_count, result};
}
