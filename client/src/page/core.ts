import type {Runtime} from "../shared/context/runtime";
import type {SessionCheck} from "../shared/context/session";
import type {PullEnding} from "../shared/feeds/pull";
import type {Announcement} from "../shared/outbox/messages";
import type {Outbox} from "../shared/outbox/outbox";
import type {Network} from "../shared/rows/feed-rows";
import type {FileNote} from "../shared/rows/files";
import type {StoredItem} from "../shared/rows/schema";
import type {Capabilities, FeedItem, Result, Trigger} from "../shared/vocabulary/protocol";
import type {Bgsync} from "./api";
import type {Item} from "./item";
import type {WorkerRegistration} from "./registration";
import type {Unsent} from "./unsent";

/** What the page script is to its parts. */
export interface Core {
    runtime: Runtime;
    outbox: Outbox;
    /** What this page has written and not seen sent. */
    unsent: Unsent;
    registration: WorkerRegistration;
    /** `window.bgsync`: where a part dispatches events of its own. */
    api: Bgsync;
    /** Be told every announcement, of this context and of the others. */
    listen: (listener: (announcement: Announcement) => void) => void;
    /** Another part, loaded if need be; rejects if it cannot be. */
    part: <Name extends keyof Parts>(name: Name) => Promise<Parts[Name]>;
}

/**
 * What a part's file exports. It is an ES module of its own, loaded on first use: that may fail, offline or after a deployment,
 * and is then the same as a server that cannot be reached.
 */
export interface PartModule<Part = unknown> {
    /** `RELEASE` of shared/release.ts. A part of another release is not started. */
    release: string;
    start: (core: Core) => Part;
}

/** The parts by name: each is bundled from `page-parts/<name>/index.ts`, and named to the page by `data-part-<name>`. */
export interface Parts {
    engine: Engine;
    feeds: Feeds;
    requests: Requests;
    pages: Pages;
    /** It finds its place on the page by itself, and nobody asks it for anything. */
    inspector: unknown;
}

/** Keeps on the device the pages that results name. */
export interface Pages {
    keep: (session: SessionCheck, owner: string, paths: readonly string[]) => Promise<void>;
}

/** Sends what a worker has captured, where no worker does. */
export interface Requests {
    replay: NonNullable<Runtime["replay"]>;
}

/** Everything that talks to the server. */
export interface Engine {
    /** Send what is due. Resolves when it has been tried, whatever came of it. */
    flush: (trigger: Trigger) => Promise<void>;
    /** The same after something has changed outside: whose session it is may have to be asked first. */
    resume: (trigger: Trigger) => Promise<void>;
    /** Find out whose session it is, if this page has not. */
    confirm: () => Promise<unknown>;
    /** How an item that has left this device ended, asked for until the server says so, or until nobody waits for it. */
    resultOf: (id: string, isAwaited: () => boolean) => Promise<Result | null>;
    /** Ask the browser to wake the worker for these tags, where some of its tags have failed. */
    arm: (tags: Iterable<string>) => Promise<void>;
    /** The last request of a page that goes away. */
    leave: (csrfCookie: string | null) => void;
    retry: (id: string) => Promise<StoredItem>;
    discard: (id: string) => Promise<void>;
    clear: (everything: boolean) => Promise<number>;
    export: () => Promise<Export>;
    logout: (pending: Pending) => Promise<LoggedOut>;
    capabilities: () => Promise<Capabilities & {pendingSyncTags: string[]}>;
    /** Whether the worker of a registration that comes from an address of the site's own has imported ours. */
    recognize: (found: ServiceWorkerRegistration, url: string | null) => Promise<boolean>;
    update: () => Promise<boolean>;
}

/** What is to become of items that have not been sent. */
export type Pending = "keep" | "send" | "discard";

export interface LoggedOut {
    /** Brought to the server now. */
    sent: number;
    /** Unsent or parked; they wait on this device for their owner. */
    kept: number;
    discarded: number;
}

export interface ExportedFile extends FileNote {
    /** Base64. */
    content: string;
}

/** What is in the outbox, for a support desk or a copy elsewhere. It survives JSON. */
export interface Export {
    bgsync: 1;
    /** ISO 8601, by the device's clock. */
    exportedAt: string;
    items: (Item & {files: ExportedFile[]})[];
}

/** Content that the device fetches ahead. */
export interface Feeds extends Periodic {
    read: (name: string) => Promise<FeedContent<FeedItem>>;
    refresh: (name: string) => Promise<PullEnding>;
}

/** A feed of the current owner on this device. */
export interface Feed<Item> {
    /** What is there, without asking the server. */
    read: () => Promise<FeedContent<Item>>;
    /** Ask the server now. Rejects only where the device cannot keep what comes. */
    refresh: () => Promise<PullEnding>;
}

export interface Periodic {
    /** Pull a feed now and then, by the browser where it can, else while a page is open. Resolves with whether it can. */
    register: (name: string, options?: PeriodicOptions) => Promise<PeriodicState>;
    /** Resolves with whether it was registered. */
    unregister: (name: string) => Promise<boolean>;
    list: () => Promise<PeriodicRegistration[]>;
}

/** What this device has of a feed. */
export interface FeedContent<Item> {
    /** In the order in which the server has sent them; one that came again stays in its place. */
    items: Item[];
    /** Up to when it is complete: ISO 8601, by the device's clock; null before the first time. */
    updatedAt: string | null;
    /** False if the first pull has not brought everything yet. */
    isComplete: boolean;
}

export interface PeriodicOptions {
    /** Milliseconds, 12 hours by default; the browser may make it longer, and the feed too. */
    minInterval?: number;
    network?: Network;
    /** Also where the user has asked the browser to save data. */
    evenOnSaveData?: boolean;
}

/** Whether the browser will pull without a page. Where it will not, pages do, and that is no error. */
export type PeriodicState = "registered" | "unavailable" | "denied";

export interface PeriodicRegistration extends Required<PeriodicOptions> {
    name: string;
    state: "registered" | "unavailable";
}
