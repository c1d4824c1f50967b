import {uuid4} from "../vocabulary/identity";
import type {Notice} from "../vocabulary/notices";
import type {Json, Result} from "../vocabulary/protocol";
import type {StoredRequest} from "./captured";
import {INITIAL_DEVICE, type Device} from "./device";
import type {StoredFeed, StoredFeedItem} from "./feed-rows";
import type {FileNote, NewFile} from "./files";
import {promised} from "./promised";
import type {Visitor} from "./visitors";

export const DATABASE = "django-bgsync";

export type ItemState = "queued" | "sending" | "accepted" | "blocked" | "parked";

/** One row of the outbox. Instants are milliseconds of the device's clock. */
export interface StoredItem {
    seq: number;
    id: string;
    /** Ids it had before it was sent again as a copy. */
    aliases: string[];
    tag: string;
    /** Absent without one: what is in no index is written faster. Earlier releases wrote "". */
    lane?: string;
    payload: Json;
    /** Of the payload as JSON in UTF-8. */
    bytes: number;
    /** Their contents are in a store of their own. */
    files?: FileNote[];
    /** A request of a page that the worker has captured: it is sent as itself, and not in a delivery. */
    request?: StoredRequest;
    /** To be shown when it has been applied. */
    notify?: Notice;
    coalesce_key?: string;
    /** Owner key, or "" while nobody has signed in on this device. */
    owner: string;
    /** Who wrote it, if that was before its owner had signed in. */
    visitor?: Visitor;
    /** The page whose own session check was still pending when it was written. */
    provisional?: string;
    state: ItemState;
    created_at: number;
    /** What the device's clock was off then, as far as that was known. */
    clock?: number | null;
    /** How many times the server had answered before. */
    since?: number;
    /** Milliseconds after which it is too old, if that is less than the site's own limit. */
    max_age?: number;
    /** When it is, by the server's clock; not known before the server's next answer. */
    expires_at?: number | null;
    send_count: number;
    retry: number;
    /** It was sent and no verdict came: the server may hold it. */
    uncertain: boolean;
    failures: number;
    /** Our own backoff. */
    next_try: number;
    /** The server's `retry_after`. */
    not_before: number;
    lease_by: string;
    lease_until: number;
    /** The latest verdict of an accepted or parked item. */
    result: Result | null;
    /** Code of the latest try that brought no verdict. */
    last_error: string | null;
}

/** Contents as bytes: WebKit loses Blobs. `seq` is the item's. */
export interface StoredFile extends NewFile {
    seq: number;
}

/** How an item ended: a verdict, or what the user did to it on this device. */
export type Settlement = Result | {id: string; status: "discarded" | "superseded"};

/** What became of an item that has left the outbox. */
export interface StoredResult {
    id: string;
    owner: string;
    settled_at: number;
    settlement: Settlement;
}

/** By name: what is in a store, and what else it can be found by. */
interface Stores {
    items: Store<
        StoredItem, "id" | "aliases" | "state_owner" | "owner_lane" | "provisional" | "expires_at" | "coalesced"
    >;
    results: Store<StoredResult, "settled_at">;
    meta: Store<Device, never>;
    files: Store<StoredFile, never>;
    feeds: Store<StoredFeed, never>;
    feed_items: Store<StoredFeedItem, "id">;
}

type Key = IDBValidKey | IDBKeyRange;

interface Source<Row> {
    get(key: Key): IDBRequest<Row | undefined>;
    getAll(key?: Key | null, count?: number): IDBRequest<Row[]>;
    getAllKeys(key?: Key | null, count?: number): IDBRequest<IDBValidKey[]>;
    count(key?: Key): IDBRequest<number>;
}

/** An IDBObjectStore that knows its rows. */
interface Store<Row, Index> extends Source<Row> {
    index(name: Index): Source<Row>;
    add(row: Row): IDBRequest<IDBValidKey>;
    put(row: Row, key?: IDBValidKey): IDBRequest<IDBValidKey>;
    delete(key: Key): IDBRequest<undefined>;
}

type Reading = "get" | "getAll" | "getAllKeys" | "count" | "index";

/** An IDBTransaction on all stores. */
export interface Tx {
    objectStore<Name extends keyof Stores>(name: Name): Pick<Stores[Name], Reading>;
}

/** A write that fails takes its transaction along: nobody has to wait for it. */
export interface WriteTx extends Tx {
    objectStore<Name extends keyof Stores>(name: Name): Stores[Name];
    commit(): void;
}

type Indexes = Record<string, [path: string | string[], options?: IDBIndexParameters]>;

/** Whatever of this is missing is made, and nothing is ever dropped: a store or an index that is added needs a higher version. */
const VERSION = 6;
const LAYOUT: Record<keyof Stores, [options?: IDBObjectStoreParameters, indexes?: Indexes]> = {
    items: [{keyPath: "seq", autoIncrement: true}, {
        id: ["id", {unique: true}],
        aliases: ["aliases", {multiEntry: true}],
        state_owner: [["state", "owner"]],
        owner_lane: [["owner", "lane"]],
        provisional: ["provisional"],
        expires_at: ["expires_at"],
        coalesced: [["owner", "tag", "coalesce_key"]],
    }],
    results: [{keyPath: "id"}, {settled_at: ["settled_at"]}],
    meta: [],
    files: [{keyPath: ["seq", "name"]}],
    // Not in a database of their own: whose they are, and that a sign-out takes them along, is one transaction.
    feeds: [{keyPath: ["owner", "name"]}],
    feed_items: [{keyPath: ["owner", "name", "generation", "position"]}, {id: [["owner", "name", "generation", "id"]]}],
};
export const STORES = /* @__PURE__ */ Object.keys(LAYOUT);

/** Open the outbox. `lost` is called when the handle is no longer usable, whoever closed it; `asked` with what opens it. */
export async function openHandle(lost: () => void, asked?: (opening: IDBOpenDBRequest) => void): Promise<IDBDatabase> {
    const handle = await open(VERSION, asked).catch((error: unknown) => {
        // A newer release wrote here (another tab, or a rollback on the server): its layout has all of ours.
        if (error instanceof DOMException && error.name === "VersionError") return open();
        throw error;
    });
    handle.onclose = lost;
    handle.onversionchange = () => {
        handle.close();
        lost();
    };
    return handle;
}

function open(version?: number, asked?: (opening: IDBOpenDBRequest) => void): Promise<IDBDatabase> {
    const opening = indexedDB.open(DATABASE, version);
    asked?.(opening);
    opening.onupgradeneeded = () => upgrade(opening.result, opening.transaction!);
    return promised(opening);
}

function upgrade(db: IDBDatabase, tx: IDBTransaction): void {
    const isNew = !db.objectStoreNames.length;
    for (const [name, [options, indexes = {}]] of Object.entries(LAYOUT)) {
        const store = db.objectStoreNames.contains(name) ? tx.objectStore(name) : db.createObjectStore(name, options);
        for (const [index, [path, more]] of Object.entries(indexes)) {
            if (!store.indexNames.contains(index)) store.createIndex(index, path, more);
        }
    }
    if (isNew) tx.objectStore("meta").put({...INITIAL_DEVICE, client: uuid4()}, "device");
}
