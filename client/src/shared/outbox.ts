import type {Database} from "./database";
import {changeDevice, readDevice, type Device} from "./device";
import {AlreadySentError, BgsyncError, NotRetryableError, TooLargeError, type ErrorCode} from "./errors";
import {supersede} from "./coalescing";
import {readFiles, type NewFile} from "./files";
import {copyItem, countItems, DUE, find, inState, mintId, ownedBy, put, remove, writtenAt, type Counts} from "./items";
import type {Json} from "./protocol";
import {keepResult, pruneResults} from "./results";
import type {Settlement, StoredFile, StoredItem, Tx, WriteTx} from "./schema";

export interface Draft {
    tag: string;
    lane: string;
    payload: Json;
    bytes: number;
    /** It takes the place of items with the same key that were never sent. */
    coalesce_key?: string;
    /** Milliseconds. */
    max_age?: number;
    files?: NewFile[];
    /** The page that has yet to learn whose session it is. */
    provisional?: string;
}

export interface Added {
    item: StoredItem;
    /** What it has taken the place of. */
    superseded: StoredItem[];
}

export interface Cleared {
    discarded: StoredItem[];
    /** The server may hold these. */
    withdrawn: StoredItem[];
}

/** What a delivery reports of the items that were refused here. */
const DROPPED: Partial<Record<ErrorCode, string>> = {quota_exceeded: "quota", too_large: "too_large"};
const PAGE = 200;
/** The server can never run these under their id. */
const COPIED = new Set(["expired", "id_too_old"]);
/** The server will never run these. */
const FINAL = new Set(["payload_mismatch", "discarded"]);

/** The items of the current owner: writing them down, looking at them, and what the user may do to them. */
export class Outbox {
    constructor(private readonly db: Database, private readonly now: () => number) {}

    /** Resolves when the item is committed on this device. Rejects with a BgsyncError otherwise. */
    async add(draft: Draft): Promise<Added> {
        let id: string | undefined;
        let superseded: StoredItem[] = [];
        try {
            const item = await this.db.write(async (tx) => {
                // On a second run, after a lost handle, the first one may have committed without a word.
                const written = id && (await find(tx, id));
                if (written) return written;
                const device = await readDevice(tx);
                const {owner, limits} = device;
                if (draft.bytes > limits.max_item_bytes) throw new TooLargeError("The payload has", draft.bytes, limits.max_item_bytes);
                superseded = await supersede(tx, owner, draft, this.now());
                return insert(tx, (id ??= await mintId(tx, this.now())), device, draft, this.now());
            });
            return {item, superseded};
        } catch (error) {
            const reason = error instanceof BgsyncError && DROPPED[error.code];
            if (reason) await this.countDropped(reason);
            throw error;
        }
    }

    get(id: string): Promise<StoredItem | undefined> {
        return this.db.read((tx) => findOwn(tx, id));
    }

    /** In the order they were written; at most `limit` of those that match, read in pages, since an outbox may be long. */
    list(matches: (item: StoredItem) => boolean = () => true, limit = Infinity): Promise<StoredItem[]> {
        return this.db.read(async (tx) => {
            const {owner} = await readDevice(tx);
            const found: StoredItem[] = [];
            for (let last = 0, isMore = true; isMore && found.length < limit;) {
                const page = await tx.objectStore("items").getAll(IDBKeyRange.lowerBound(last, true), PAGE);
                found.push(...page.filter((item) => item.owner === owner && matches(item)));
                last = page.at(-1)?.seq ?? last;
                isMore = page.length === PAGE;
            }
            return found.slice(0, limit);
        });
    }

    counts(): Promise<Counts> {
        return this.db.read(async (tx) => countItems(tx, (await readDevice(tx)).owner));
    }

    /** How an item ended, as far as this device knows; "open" while it is still in the outbox. */
    settlement(id: string): Promise<Settlement | "open" | undefined> {
        return this.db.read(async (tx) => {
            if (await find(tx, id)) {
                const item = await findOwn(tx, id);
                return item?.state === "parked" && item.result ? item.result : "open";
            }
            const kept = await tx.objectStore("results").get(id);
            return kept?.owner === (await readDevice(tx)).owner ? kept.settlement : undefined;
        });
    }

    /** The user's "try again" on a parked item; as a copy where its id can never run. Raises NotRetryableError. */
    retry(id: string): Promise<StoredItem> {
        return this.db.write(async (tx) => {
            const item = await findOwn(tx, id);
            const code = item?.result?.code ?? "";
            if (item?.state !== "parked" || FINAL.has(code)) throw new NotRetryableError(id);
            if (COPIED.has(code)) return put(tx, await copyItem(tx, item, this.now()));
            return put(tx, {...item, ...DUE, retry: item.retry + 1});
        });
    }

    /** Raises AlreadySentError for what the server may hold. */
    discard(id: string): Promise<StoredItem | undefined> {
        return this.db.write(async (tx) => {
            const item = await findOwn(tx, id);
            if (!item) return undefined;
            if (mayBeHeld(item)) throw new AlreadySentError(id);
            remove(tx, item);
            keepResult(tx, item, {id: item.id, status: "discarded"}, this.now());
            await pruneResults(tx, this.now());
            return item;
        });
    }

    /**
     * Delete the parked items, or everything. What the server may hold goes without a result: how it ends, only the server
     * can say.
     */
    clear(everything: boolean): Promise<Cleared> {
        return this.db.write(async (tx) => {
            const {owner} = await readDevice(tx);
            const items = everything ? await ownedBy(tx, owner) : await inState(tx, owner, "parked");
            const [discarded, withdrawn] = [items.filter((item) => !mayBeHeld(item)), items.filter(mayBeHeld)];
            for (const item of items) remove(tx, item);
            for (const item of discarded) keepResult(tx, item, {id: item.id, status: "discarded"}, this.now());
            await pruneResults(tx, this.now());
            return {discarded, withdrawn};
        });
    }

    /** An item's files with their contents. */
    files(item: StoredItem): Promise<StoredFile[]> {
        return this.db.read((tx) => readFiles(tx, item));
    }

    private async countDropped(reason: string): Promise<void> {
        const counted = this.db.write(async (tx) => {
            const {dropped} = await readDevice(tx);
            await changeDevice(tx, {dropped: {...dropped, [reason]: (dropped[reason] ?? 0) + 1}});
        });
        await counted.catch(() => undefined);  // no room even for that
    }
}

/** It was sent, and no verdict has ended it. */
function mayBeHeld({uncertain, state}: StoredItem): boolean {
    return uncertain || state === "accepted";
}

async function findOwn(tx: Tx, id: string): Promise<StoredItem | undefined> {
    const item = await find(tx, id);
    return item?.owner === (await readDevice(tx)).owner ? item : undefined;
}

async function insert(tx: WriteTx, id: string, device: Device, draft: Draft, now: number): Promise<StoredItem> {
    const {files: contents = [], ...rest} = draft;
    const files = contents.map(({content: _, ...note}) => note);
    const item = {
        ...rest, ...(files.length && {files}), ...DUE, ...writtenAt(device, now), id, owner: device.owner, aliases: [],
        send_count: 0, retry: 0, uncertain: false, lease_by: "", lease_until: 0,
    };
    const seq = await tx.objectStore("items").add(item as unknown as StoredItem);
    for (const file of contents) await tx.objectStore("files").add({...file, seq});
    return {...item, seq};
}
