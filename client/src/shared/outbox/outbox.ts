import type {StoredRequest} from "../rows/captured";
import type {Database} from "../rows/database";
import {changeDevice, readDevice, type Device} from "../rows/device";
import type {NewFile} from "../rows/files";
import {countItems, DUE, find, findOwn, mintId, put, writtenAt, type Counts} from "../rows/items";
import {promised} from "../rows/promised";
import type {Settlement, StoredItem, Tx, WriteTx} from "../rows/schema";
import {BgsyncError, TooLargeError, type ErrorCode} from "../vocabulary/errors";
import type {Notice} from "../vocabulary/notices";
import type {Json} from "../vocabulary/protocol";
import {supersede} from "./coalescing";

export interface Draft {
    tag: string;
    lane?: string;
    payload: Json;
    bytes: number;
    /** It takes the place of items with the same key that were never sent. */
    coalesce_key?: string;
    /** Milliseconds. */
    max_age?: number;
    files?: NewFile[];
    request?: StoredRequest;
    notify?: Notice;
    /** The page that has yet to learn whose session it is. */
    provisional?: string;
}

export interface Added {
    item: StoredItem;
    /** What it has taken the place of. */
    superseded: StoredItem[];
}

/** What a delivery reports of the items that were refused here. */
const DROPPED: Partial<Record<ErrorCode, string>> = {quota_exceeded: "quota", too_large: "too_large"};
const PAGE = 200;
/** What an item is written by. The clock is a part of each answer. */
const DECIDING = ["owner", "answers", "last_id"] as const;

/** The items of the current owner: writing them down and looking at them. */
export class Outbox {
    /** The id of the item that was written last, "" before the first. */
    private last = "";
    /** The device as it was when it was last looked at. */
    private seen: Device | undefined;

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
                const {seen} = this;
                const compose = (device: Device) => {
                    id = this.last = mintId(device, this.now(), this.last);
                    return newItem(id, device, draft, this.now());
                };
                // By what was seen last, and put right if that has changed: to wait for the device's row first takes a third of the time.
                const isKnown = seen && (draft.coalesce_key ?? draft.files?.[0]) === undefined;
                const [device, early] = await Promise.all([this.look(tx), isKnown && insert(tx, compose(seen))]);
                const {owner, limits} = device;
                if (draft.bytes > limits.max_item_bytes) throw new TooLargeError("The payload has", draft.bytes, limits.max_item_bytes);
                if (early && DECIDING.every((name) => seen![name] === device[name])) return early;
                if (early) return put(tx, {...compose(device), seq: (await find(tx, early.id))!.seq});
                superseded = await supersede(tx, owner, draft, this.now());
                return insert(tx, compose(device), draft.files);
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
            const {owner} = await this.look(tx);
            const found: StoredItem[] = [];
            for (let last = 0, isMore = true; isMore && found.length < limit;) {
                const page = await promised(tx.objectStore("items").getAll(IDBKeyRange.lowerBound(last, true), PAGE));
                found.push(...page.filter((item) => item.owner === owner && matches(item)));
                last = page.at(-1)?.seq ?? last;
                isMore = page.length === PAGE;
            }
            return found.slice(0, limit);
        });
    }

    counts(): Promise<Counts> {
        return this.db.read(async (tx) => countItems(tx, (await this.look(tx)).owner));
    }

    /** How an item ended, as far as this device knows; "open" while it is still in the outbox. */
    settlement(id: string): Promise<Settlement | "open" | undefined> {
        return this.db.read(async (tx) => {
            const {owner} = await this.look(tx);
            const item = await find(tx, id);
            if (item) return (item.owner === owner && item.state === "parked" && item.result) || "open";
            const kept = await promised(tx.objectStore("results").get(id));
            return kept?.owner === owner ? kept.settlement : undefined;
        });
    }

    private async look(tx: Tx): Promise<Device> {
        return (this.seen = await readDevice(tx));
    }

    private async countDropped(reason: string): Promise<void> {
        const counted = this.db.write(async (tx) => {
            const {dropped} = await readDevice(tx);
            await changeDevice(tx, {dropped: {...dropped, [reason]: (dropped[reason] ?? 0) + 1}});
        });
        await counted.catch(() => undefined);  // no room even for that
    }
}

/** As the device is, unless the caller knows better whose it is and whether it was sent. */
export function newItem(id: string, device: Device, draft: Draft & Partial<StoredItem>, now: number): StoredItem {
    const {files: contents = [], ...rest} = draft;
    const files = contents.map(({content: _, ...note}) => note);
    return {
        ...DUE, ...writtenAt(device, now), id, owner: device.owner, aliases: [],
        send_count: 0, retry: 0, uncertain: false, lease_by: "", lease_until: 0, ...rest, ...(files.length && {files}),
    } as unknown as StoredItem;
}

/** It gets its number when it is in. */
export async function insert(tx: WriteTx, item: StoredItem, files: NewFile[] = []): Promise<StoredItem> {
    const adding = tx.objectStore("items").add(item);
    adding.addEventListener("success", () => (item.seq = adding.result as number));
    // Only files have to wait for it.
    if (files.length) await promised(adding);
    for (const file of files) tx.objectStore("files").add({...file, seq: item.seq});
    return item;
}
