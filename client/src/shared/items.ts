import {isLongAgo, readDevice, writeDevice, type Device} from "./device";
import {filesOf} from "./files";
import {mint} from "./identity";
import type {OutboxReport} from "./protocol";
import {unwaited, type ItemState, type StoredItem, type Tx, type WriteTx} from "./schema";

export interface Counts extends Record<ItemState, number> {
    /** Not yet sent: queued, sending and blocked. */
    pending: number;
}

const UNSENT: ItemState[] = ["queued", "sending", "blocked"];
const STATES: ItemState[] = [...UNSENT, "accepted", "parked"];

/** What an item has when it is due and nothing is known of an earlier try. */
export const DUE = {
    state: "queued", failures: 0, next_try: 0, not_before: 0, expires_at: null, result: null, last_error: null,
} as const satisfies Partial<StoredItem>;

/** It has waited for too long to be sent as if nothing were. */
export function isOverdue({state, expires_at}: StoredItem, {answered_at}: Device): boolean {
    return (state === "queued" || state === "blocked") && Boolean(expires_at) && expires_at! <= answered_at;
}

export async function overdueItems(tx: Tx, device: Device): Promise<StoredItem[]> {
    const expired = await tx.objectStore("items").index("expires_at").getAll(IDBKeyRange.upperBound(device.answered_at));
    return expired.filter((item) => isOverdue(item, device));
}

/** When something is written: by the device's clock, and what is known of it. */
export function writtenAt(device: Device, now: number): Pick<StoredItem, "created_at" | "clock" | "since"> {
    return {created_at: now, clock: isLongAgo(device, now) ? null : device.clock, since: device.answers};
}

/** By its id, or by one it had before. */
export async function find(tx: Tx, id: string): Promise<StoredItem | undefined> {
    const items = tx.objectStore("items");
    return (await items.index("id").get(id)) ?? items.index("aliases").get(id);
}

/** Items as they are now, by the ids that they had. Where they lie close together they are read at once. */
export async function findAgain(tx: Tx, items: StoredItem[]): Promise<Map<string, StoredItem>> {
    const seqs = items.map(({seq}) => seq);
    const [first, last] = [Math.min(...seqs), Math.max(...seqs)];
    if (!items.length || last - first >= 2 * items.length) return new Map();
    const near = await tx.objectStore("items").getAll(IDBKeyRange.bound(first, last));
    return new Map(near.map((item) => [item.id, item]));
}

/** Neighbours go in one request. */
export function remove(tx: WriteTx, ...items: StoredItem[]): void {
    const seqs = items.map(({seq}) => seq).sort((a, b) => a - b);
    for (let start = 0, end = 1; start < seqs.length; start = end++) {
        while (seqs[end] === seqs[start]! + end - start) end += 1;
        unwaited(tx.objectStore("items").delete(IDBKeyRange.bound(seqs[start], seqs[end - 1])));
    }
    for (const item of items) if (item.files) unwaited(tx.objectStore("files").delete(filesOf(item)));
}

export function put(tx: WriteTx, item: StoredItem): StoredItem {
    unwaited(tx.objectStore("items").put(item));
    return item;
}

/** In the order they were written. */
export function inState(tx: Tx, owner: string, state: ItemState, limit?: number): Promise<StoredItem[]> {
    return tx.objectStore("items").index("owner_state").getAll([owner, state], limit);
}

/** In no order that matters. */
export function ownedBy(tx: Tx, owner: string): Promise<StoredItem[]> {
    return tx.objectStore("items").index("owner_state").getAll(IDBKeyRange.bound([owner], [owner, []]));
}

/** A new id, on the server's clock and above every earlier one of this device. */
export async function mintId(tx: WriteTx, now: number): Promise<string> {
    const device = await readDevice(tx);
    const {id, minted} = mint(device.minted, now + device.clock);
    writeDevice(tx, device, {minted});
    return id;
}

/** The same item under a new id, as if written now and never sent. The old id stays an alias. */
export async function copyItem(tx: WriteTx, item: StoredItem, now: number): Promise<StoredItem> {
    return {
        ...item,
        ...DUE,
        id: await mintId(tx, now),
        aliases: [...item.aliases, item.id],
        ...writtenAt(await readDevice(tx), now),
        send_count: 0,
        retry: 0,
        uncertain: false,
    };
}

export async function countItems(tx: Tx, owner: string): Promise<Counts> {
    const index = tx.objectStore("items").index("owner_state");
    const numbers = await Promise.all(STATES.map((state) => index.count([owner, state])));
    const counts = Object.fromEntries(STATES.map((state, i) => [state, numbers[i]])) as Record<ItemState, number>;
    return {...counts, pending: counts.queued + counts.sending + counts.blocked};
}

/** What a delivery tells the server about this outbox. */
export async function reportOutbox(tx: Tx, owner: string): Promise<OutboxReport> {
    const {pending, parked} = await countItems(tx, owner);
    const oldest = await Promise.all(UNSENT.map((state) => inState(tx, owner, state, 1)));
    const instants = oldest.flat().map((item) => item.created_at);
    return {
        pending,
        parked,
        oldest_at: instants.length ? new Date(Math.min(...instants)).toISOString() : null,
        dropped: (await readDevice(tx)).dropped,
    };
}
