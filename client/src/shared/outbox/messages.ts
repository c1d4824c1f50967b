import type {Settlement, StoredItem} from "../rows/schema";
import type {Notice} from "../vocabulary/notices";
import type {Result} from "../vocabulary/protocol";

/** What listeners learn of an item; the payload stays in the outbox. */
export interface ItemNews {
    id: string;
    aliases: string[];
    tag: string;
    lane: string;
    notify?: Notice;
}

/** Whether the last exchange met our server, nobody, or somebody else (a captive portal, a proxy's error page). */
export type Reached = "server" | "nobody" | "stranger";

/** Everything one context tells the others of the same origin. */
export type Announcement =
    | {type: "change"}
    | {type: "owner"}
    | {type: "reached"; reached: Reached}
    /** The worker was told to sign in: a page may have headers that it lacks. */
    | {type: "denied"}
    /** There is something new to read, or it is known to be up to date. */
    | {type: "feed"; name: string}
    | {type: "queued"; item: ItemNews}
    | {type: "blocked"; item: ItemNews}
    | {type: "sent"; item: ItemNews; result: Result}
    | {type: "parked"; item: ItemNews; result: Result}
    | {type: "settled"; item: ItemNews; result: Settlement};

/** Page to worker: finish the flush, say who you are, take the place of the worker before you, handle this page's requests, too;
 * notify of an item; and, once, whose session the page has been told it is.
 */
export type WorkerMessage =
    | {bgsync: 1; type: "flush" | "hello" | "update" | "claim"}
    | {bgsync: 1; type: "confirmed"; owner: string}
    | {bgsync: 1; type: "notify"; id: string; notify: Notice};

/** Worker to page, in answer to "hello". */
export interface WorkerReply {
    bgsync: 1;
    version: string;
    /** Whether it leaves the pages to the worker before it until it is told otherwise. */
    waits: boolean;
}

export function news(item: StoredItem): ItemNews {
    const {id, aliases, tag, lane = "", notify} = item;
    return {id, aliases, tag, lane, ...(notify && {notify})};
}

export function ended(item: StoredItem, status: "discarded" | "superseded"): Announcement {
    return {type: "settled", item: news(item), result: {id: item.id, status}};
}

/** Of whatever release: what this one does not know it leaves alone. */
export function isWorkerMessage(data: unknown): data is WorkerMessage {
    return typeof data === "object" && data !== null && "bgsync" in data && data.bgsync === 1
        && "type" in data;
}

const CHANNEL = "django-bgsync:1";

/** Tells this context's listener and, over a BroadcastChannel while it is open, every other context's. */
export class Announcer {
    private channel: BroadcastChannel | null = null;

    constructor(private readonly listener: (announcement: Announcement) => void) {}

    open(): void {
        if (this.channel || typeof BroadcastChannel === "undefined") return;
        this.channel = new BroadcastChannel(CHANNEL);
        this.channel.onmessage = (event: MessageEvent<Announcement[]>) => event.data.forEach(this.listener);
    }

    close(): void {
        this.channel?.close();
        this.channel = null;
    }

    announce(...announcements: Announcement[]): void {
        announcements.forEach(this.listener);
        // One message for all: each costs as much as a small delivery.
        if (announcements.length) this.channel?.postMessage(announcements);
    }
}
