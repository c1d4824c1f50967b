import {openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction} from "idb";

import {INITIAL_DEVICE, type Device} from "./device";
import {StorageUnavailableError} from "./errors";
import type {FileNote, NewFile} from "./files";
import {uuid4} from "./identity";
import type {Json, Result} from "./protocol";
import type {Visitor} from "./visitors";

export const DATABASE = "django-bgsync";
export const STORES: Stores = ["items", "results", "meta", "files"];

export type ItemState = "queued" | "sending" | "accepted" | "blocked" | "parked";

/** One row of the outbox. Instants are milliseconds of the device's clock. */
export interface StoredItem {
    seq: number;
    id: string;
    /** Ids it had before it was sent again as a copy. */
    aliases: string[];
    tag: string;
    lane: string;
    payload: Json;
    /** Of the payload as JSON in UTF-8. */
    bytes: number;
    /** Their contents are in a store of their own. */
    files?: FileNote[];
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

interface Schema extends DBSchema {
    items: {
        key: number;
        value: StoredItem;
        indexes: {
            id: string;
            aliases: string;
            state: ItemState;
            owner_state: [string, ItemState];
            owner_lane: [string, string];
            provisional: string;
            expires_at: number;
            coalesce: [owner: string, tag: string, lane: string, key: string];
        };
    };
    results: {key: string; value: StoredResult; indexes: {settled_at: number}};
    meta: {key: "device"; value: Device};
    files: {key: [seq: number, name: string]; value: StoredFile};
}

type Stores = ["items", "results", "meta", "files"];
export type Handle = IDBPDatabase<Schema>;
export type WriteTx = IDBPTransaction<Schema, Stores, "readwrite">;
export type Tx = IDBPTransaction<Schema, Stores, "readonly"> | WriteTx;
type UpgradeTx = IDBPTransaction<Schema, Stores, "versionchange">;

/** A write that nobody waits for: later requests see it, and where it fails, its transaction fails with the same error. */
export function unwaited(written: Promise<unknown>): void {
    written.catch(() => undefined);
}

/** One step per version, for ever: additive, and no step ever drops a row. */
const STEPS: ((db: Handle, tx: UpgradeTx) => void)[] = [createStores, indexCoalescing, indexAge, storeFiles];
const VERSION = STEPS.length;

/**
 * Open the outbox: for transactions, since the bundles leave out what idb puts on top of them (`db.get()`, `for await` over a
 * store). `lost` is called when the handle is no longer usable, whoever closed it. */
export async function openHandle(lost: () => void): Promise<Handle> {
    if (typeof indexedDB === "undefined") throw new StorageUnavailableError();
    try {
        return await open(VERSION, lost);
    } catch (error) {
        // A newer release wrote here (another tab, or a rollback on the server): its migrations are additive.
        if (error instanceof DOMException && error.name === "VersionError") return open(undefined, lost);
        throw error;
    }
}

function open(version: number | undefined, lost: () => void): Promise<Handle> {
    return openDB<Schema>(DATABASE, version, {
        upgrade: (db, from, _to, tx) => {
            for (const step of STEPS.slice(from)) step(db, tx as unknown as UpgradeTx);
        },
        blocking: (_current, _blocked, event) => {
            (event.target as IDBDatabase).close();
            lost();
        },
        terminated: lost,
    });
}

function createStores(db: Handle, tx: UpgradeTx): void {
    const items = db.createObjectStore("items", {keyPath: "seq", autoIncrement: true});
    items.createIndex("id", "id", {unique: true});
    items.createIndex("aliases", "aliases", {multiEntry: true});
    items.createIndex("state", "state");
    items.createIndex("owner_state", ["owner", "state"]);
    items.createIndex("owner_lane", ["owner", "lane"]);
    items.createIndex("provisional", "provisional");
    db.createObjectStore("results", {keyPath: "id"}).createIndex("settled_at", "settled_at");
    db.createObjectStore("meta");
    void tx.objectStore("meta").put({...INITIAL_DEVICE, client: uuid4()}, "device");
}

function indexCoalescing(_db: Handle, tx: UpgradeTx): void {
    tx.objectStore("items").createIndex("coalesce", ["owner", "tag", "lane", "coalesce_key"]);
}

function indexAge(_db: Handle, tx: UpgradeTx): void {
    tx.objectStore("items").createIndex("expires_at", "expires_at");
}

function storeFiles(db: Handle): void {
    db.createObjectStore("files", {keyPath: ["seq", "name"]});
}
