import {configure, type Options} from "../shared/context/configuration";
import type {Runtime} from "../shared/context/runtime";
import {ended, news, type Announcement} from "../shared/outbox/messages";
import type {Added, Outbox} from "../shared/outbox/outbox";
import type {Counts} from "../shared/rows/items";
import type {ItemState, Settlement, StoredItem} from "../shared/rows/schema";
import type {Capabilities, FeedItem} from "../shared/vocabulary/protocol";
import {readAttachments} from "./attachments";
import type {Connection, ConnectionState} from "./connection";
import type {Engine, Export, Feed, FeedContent, Feeds, LoggedOut, Pending, Periodic} from "./core";
import {readDraft, type EnqueueOptions} from "./draft";
import {view, type Item} from "./item";
import type {Receipts} from "./receipts";
import type {Triggers} from "./triggers";
import type {Unsent} from "./unsent";

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

interface Inside {
    runtime: Runtime;
    outbox: Outbox;
    receipts: Receipts;
    triggers: Triggers;
    unsent: Unsent;
    engine: () => Promise<Engine>;
    feeds: () => Promise<Feeds>;
    reach: Connection;
    activated: Promise<void>;
}

/** `window.bgsync`. Everything it shows belongs to the current owner. */
export class Bgsync extends EventTarget {
    readonly #inside: Inside;
    #before: Promise<unknown> = Promise.resolve();

    /** @internal */
    constructor(inside: Inside) {
        super();
        this.#inside = inside;
    }

    /** Rejects with a BgsyncError if the item could not be committed on this device. */
    async enqueue(tag: string, payload: unknown, options: EnqueueOptions = {}): Promise<Receipt> {
        const {runtime, outbox, receipts, activated} = this.#inside;
        const draft = readDraft(tag, payload, options);
        draft.files = await this.#inTurn(readAttachments(runtime.db, options.files ?? {}));
        await activated;
        const written = await outbox.add(runtime.isConfirmed ? draft : {...draft, provisional: runtime.instance});
        void this.#follow(written);
        const {id} = written.item;
        return {id, state: "queued", settled: receipts.expect(id)};
    }

    /** How requests prove whose they are, where cookies do not. */
    configure(options: Options): void {
        configure(this.#inside.runtime, options);
        this.#inside.triggers.ask();
    }

    /** To be called before the session ends. Resolves with what became of the unsent items. */
    async logout({pending = "keep"}: {pending?: Pending} = {}): Promise<LoggedOut> {
        return (await this.#inside.engine()).logout(pending);
    }

    /** How an item ended, from any tab and after a reload. Never rejects. */
    settled(id: string): Promise<Settlement> {
        return this.#inside.receipts.settled(id);
    }

    /** Send now what our own backoff would hold. Resolves when it has been tried. */
    async flush(): Promise<void> {
        await this.#inside.activated;
        await this.#inside.triggers.resume("manual");
    }

    /** Resolves when nothing waits to be sent or to be applied; parked items wait for nobody. */
    async idle({lane}: Pick<Filter, "lane"> = {}): Promise<void> {
        while (await this.#isWaiting(lane)) {
            await new Promise((resume) => this.addEventListener("change", resume, {once: true}));
        }
    }

    counts(): Promise<Counts> {
        return this.#inside.outbox.counts();
    }

    async get(id: string): Promise<Item | null> {
        const item = await this.#inside.outbox.get(id);
        return item ? view(item) : null;
    }

    /** In the order they were written. */
    async list({tag, lane, state, limit}: Filter = {}): Promise<Item[]> {
        const matches = (item: StoredItem) => (
            (tag === undefined || item.tag === tag)
            && (lane === undefined || lane === (item.lane ?? ""))
            && (state === undefined || item.state === state)
        );
        return (await this.#inside.outbox.list(matches, limit)).map(view);
    }

    /** Try a parked item again. Rejects with NotRetryableError for one that cannot be. */
    async retry(id: string): Promise<Item> {
        const {runtime, engine, triggers} = this.#inside;
        const item = await (await engine()).retry(id);
        runtime.announce({type: "queued", item: news(item)}, {type: "change"});
        triggers.enqueued(item.tag);
        return view(item);
    }

    /** Rejects with AlreadySentError for an item that the server may hold. */
    async discard(id: string): Promise<void> {
        await (await this.#inside.engine()).discard(id);
    }

    /** Delete the parked items, or with `all` everything there is. Resolves with how many there were. */
    async clear({all = false}: {all?: boolean} = {}): Promise<number> {
        return (await this.#inside.engine()).clear(all);
    }

    /** Everything in the outbox as data. */
    async export(): Promise<Export> {
        return (await this.#inside.engine()).export();
    }

    get connection(): ConnectionState {
        return this.#inside.reach.state;
    }

    async capabilities(): Promise<Capabilities & {pendingSyncTags: string[]}> {
        return (await this.#inside.engine()).capabilities();
    }

    /** Switch to a new worker that waits; load the page anew afterwards. Resolves false if none does. */
    async update(): Promise<boolean> {
        return (await this.#inside.engine()).update();
    }

    feed<Item = FeedItem>(name: string): Feed<Item> {
        const {feeds} = this.#inside;
        return {
            read: async () => (await feeds()).read(name) as Promise<FeedContent<Item>>,
            refresh: async () => (await feeds()).refresh(name),
        };
    }

    /** Of feeds. */
    get periodic(): Periodic {
        const {feeds} = this.#inside;
        return {
            register: async (name, options) => (await feeds()).register(name, options),
            unregister: async (name) => (await feeds()).unregister(name),
            list: async () => (await feeds()).list(),
        };
    }

    /** What the commit of an item entails. Whoever has waited for the commit alone goes first. */
    async #follow({item, superseded}: Added): Promise<void> {
        const {runtime, triggers, unsent} = this.#inside;
        await null;
        await null;
        unsent.add(item);
        const old = superseded.map((other) => ended(other, "superseded"));
        runtime.announce(...old, {type: "queued", item: news(item)}, {type: "change"});
        triggers.enqueued(item.tag);
    }

    /** Large files must not let what is enqueued after them overtake. */
    async #inTurn<T>(reading: Promise<T>): Promise<T> {
        const before = this.#before;
        this.#before = Promise.allSettled([before, reading]);
        await before;
        return reading;
    }

    async #isWaiting(lane: string | undefined): Promise<boolean> {
        const isOne = (item: StoredItem) => item.state !== "parked" && (lane === undefined || lane === (item.lane ?? ""));
        return (await this.#inside.outbox.list(isOne, 1)).length > 0;
    }
}

const OF_AN_ITEM = new Set(["queued", "blocked", "sent", "parked", "settled"]);

/** The event a page listens to, null for what only concerns ourselves, or a newer release in another context. */
export function eventOf(announcement: Announcement): Event | null {
    if (announcement.type === "change") return new Event("change");
    if (!("item" in announcement) || !OF_AN_ITEM.has(announcement.type)) return null;
    const {type, item: {aliases: _, notify: __, ...item}} = announcement;
    return new CustomEvent(type, {detail: "result" in announcement ? {...item, result: announcement.result} : item});
}
