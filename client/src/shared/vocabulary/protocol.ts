/** The wire format of `v1/`. Kept equal to the server's by the JSON files in tests/fixtures/protocol. */

export const PROTOCOL = 1;
export const MAX_AWAITING = 100;

export type Json = null | boolean | number | string | Json[] | {[key: string]: Json};

export type Trigger =
    | "enqueue" | "sync" | "periodicsync" | "online" | "load" | "visible" | "login" | "timer" | "manual" | "message";

export interface WireItem {
    id: string;
    tag: string;
    lane: string;
    /** The item before it in its lane that this device has not seen finished. */
    after: string | null;
    seq: number;
    created_at: string;
    /** This try included. */
    send_count: number;
    /** How often the user asked to try a parked item again. */
    retry: number;
    payload: Json;
}

export interface WireClient {
    id: string;
    /** Of the site, as it names it. */
    app_version: string;
    worker_version: string;
    capabilities: Capabilities;
    outbox: OutboxReport;
}

export interface Capabilities {
    worker: "ours" | "foreign" | "none";
    sync: "granted" | "denied" | "disabled" | "unsupported";
    periodicSync: PermissionState | "unsupported";
    notifications: NotificationPermission | "unsupported";
    persisted: boolean;
    locks: boolean;
    /** In a frame of another origin. */
    embedded: boolean;
}

export interface OutboxReport {
    pending: number;
    parked: number;
    oldest_at: string | null;
    /** Enqueues refused since this client exists, by reason. */
    dropped: Record<string, number>;
}

export interface Envelope {
    protocol: typeof PROTOCOL;
    owner: string;
    client: WireClient;
    trigger: Trigger;
    sync_tag: string;
    last_chance: boolean;
    context: "page" | "worker";
    sent_at: string;
    items: WireItem[];
    awaiting: string[];
}

export type Disposition = "done" | "wait" | "park" | "retry";

export interface Result {
    id: string;
    status: "applied" | "accepted" | "rejected" | "conflict" | "expired" | "deferred";
    disposition: Disposition;
    code: string;
    replayed: boolean;
    result: Json;
    /** Seconds. */
    retry_after: number | null;
    problem: Json;
}

export interface Limits {
    max_items: number;
    max_bytes: number;
    max_item_bytes: number;
    max_files: number;
    max_file_bytes: number;
    max_delivery_file_bytes: number;
}

export interface Answer {
    bgsync: 1;
    server_time: string;
    owner: string | null;
    results: Result[];
    settled: Result[];
    limits: Limits;
}

export interface Session {
    bgsync: 1;
    authenticated: boolean;
    owner: string | null;
    csrf_token: string;
    server_time: string;
    limits: Limits;
}

/** What a feed is made of. The rest is the project's. */
export interface FeedItem {
    id: string | number;
    [member: string]: Json;
}

export interface FeedPage {
    bgsync: 1;
    feed: string;
    owner: string;
    /** Seconds. */
    min_interval: number;
    items: FeedItem[];
    deleted: (string | number)[];
    cursor: string | null;
    more: boolean;
    reset: boolean;
    cache: string[];
}

/** RFC 9457, with our `code`. */
export interface Problem {
    code: string;
    /** With `wrong_owner`: whose session it is. */
    owner?: string | null;
    /** With `too_large`. */
    limits?: Limits;
}

/** Until the server has named its own. */
export const DEFAULT_LIMITS: Limits = {
    max_items: 100, max_bytes: 1_048_576, max_item_bytes: 262_144,
    max_files: 20, max_file_bytes: 10_485_760, max_delivery_file_bytes: 52_428_800,
};
