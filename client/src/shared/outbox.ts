import type {Database} from "./database";
import {changeDevice, readDevice, type Device} from "./device";
import {AlreadySentError, NotRetryableError, QuotaExceededError, TooLargeError} from "./errors";
import {supersede} from "./coalescing";
import {copyItem, countItems, DUE, find, mintId, put, remove, writtenAt, type Counts} from "./items";
import type {Json} from "./protocol";
import {keepResult, pruneResults} from "./results";
import type {Settlement, StoredItem, Tx, WriteTx} from "./schema";

export interface Draft {
    tag: string;
    lane: string;
    payload: Json;
    bytes: number;
    /** It takes the place of items with the same key that were never sent. */
    coalesce_key?: string;
    /** Milliseconds. */
    max_age?: number;
    /** The page that has yet to learn whose session it is. */
    provisional?: string;
}

export interface Added {
    item: StoredItem;
    /** What it has taken the place of. */
    superseded: StoredItem[];
}

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
                if (draft.bytes > limits.max_item_bytes) throw new TooLargeError(draft.bytes, limits.max_item_bytes);
                superseded = await supersede(tx, owner, draft, this.now());
                return insert(tx, (id ??= await mintId(tx, this.now())), device, draft, this.now());
            });
            return {item, superseded};
        } catch (error) {
            if (error instanceof QuotaExceededError) await this.countDropped();
            throw error;
        }
    }

    get(id: string): Promise<StoredItem | undefined> {
        return this.db.read((tx) => findOwn(tx, id));
    }

    /** In the order they were written. */
    list(): Promise<StoredItem[]> {
        return this.db.read(async (tx) => {
            const {owner} = await readDevice(tx);
            const everyState = IDBKeyRange.bound([owner], [owner, []]);
            const items = await tx.objectStore("items").index("owner_state").getAll(everyState);
            return items.sort((a, b) => a.seq - b.seq);
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
            if (item.uncertain || item.state === "accepted") throw new AlreadySentError(id);
            await remove(tx, item);
            await keepResult(tx, item, {id: item.id, status: "discarded"}, this.now());
            await pruneResults(tx, this.now());
            return item;
        });
    }

    private async countDropped(): Promise<void> {
        const counted = this.db.write(async (tx) => {
            const {dropped} = await readDevice(tx);
            await changeDevice(tx, {dropped: {...dropped, quota: (dropped["quota"] ?? 0) + 1}});
        });
        await counted.catch(() => undefined);  // no room even for that
    }
}

async function findOwn(tx: Tx, id: string): Promise<StoredItem | undefined> {
    const item = await find(tx, id);
    return item?.owner === (await readDevice(tx)).owner ? item : undefined;
}

async function insert(tx: WriteTx, id: string, device: Device, draft: Draft, now: number): Promise<StoredItem> {
    const item = {
        ...draft, ...DUE, ...writtenAt(device, now), id, owner: device.owner, aliases: [],
        send_count: 0, retry: 0, uncertain: false, lease_by: "", lease_until: 0,
    };
    const seq = await tx.objectStore("items").add(item as unknown as StoredItem);
    return {...item, seq};
}
