import {mint} from "../vocabulary/identity";
import type {OutboxReport} from "../vocabulary/protocol";
import {changeDevice, isLongAgo, readDevice, type Device} from "./device";
import {filesOf} from "./files";
import {promised} from "./promised";
import type {ItemState, StoredItem, Tx, WriteTx} from "./schema";

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
    const expired = await promised(tx.objectStore("items").index("expires_at").getAll(IDBKeyRange.upperBound(device.answered_at)));
    return expired.filter((item) => isOverdue(item, device));
}

/** When something is written: by the device's clock, and what is known of it. */
export function writtenAt(device: Device, now: number): Pick<StoredItem, "created_at" | "clock" | "since"> {
    return {created_at: now, clock: isLongAgo(device, now) ? null : device.clock, since: device.answers};
}

/** The server will never run these. */
const FINAL = new Set(["payload_mismatch", "discarded"]);

/** Whether the user's "try again" can lead to anything. */
export function isRetryable({state, request, result}: StoredItem): boolean {
    return state === "parked" && (Boolean(request) || !FINAL.has(result?.code ?? ""));
}

/** It was sent, and no verdict has ended it. */
export function mayBeHeld({uncertain, state}: StoredItem): boolean {
    return uncertain || state === "accepted";
}

/** By its id, or by one it had before. */
export async function find(tx: Tx, id: string): Promise<StoredItem | undefined> {
    const items = tx.objectStore("items");
    return (await promised(items.index("id").get(id))) ?? promised(items.index("aliases").get(id));
}

/** The same, if it is the current owner's. */
export async function findOwn(tx: Tx, id: string): Promise<StoredItem | undefined> {
    const item = await find(tx, id);
    return item?.owner === (await readDevice(tx)).owner ? item : undefined;
}

/** Items as they are now, by the ids that they had. Where they lie close together they are read at once. */
export async function findAgain(tx: Tx, items: StoredItem[]): Promise<Map<string, StoredItem>> {
    const seqs = items.map(({seq}) => seq);
    const [first, last] = [Math.min(...seqs), Math.max(...seqs)];
    if (!items.length || last - first >= 2 * items.length) return new Map();
    const near = await promised(tx.objectStore("items").getAll(IDBKeyRange.bound(first, last)));
    return new Map(near.map((item) => [item.id, item]));
}

/** Neighbours go in one request. */
export function remove(tx: WriteTx, ...items: StoredItem[]): void {
    const seqs = items.map(({seq}) => seq).sort((a, b) => a - b);
    for (let start = 0, end = 1; start < seqs.length; start = end++) {
        while (seqs[end] === seqs[start]! + end - start) end += 1;
        tx.objectStore("items").delete(IDBKeyRange.bound(seqs[start], seqs[end - 1]));
    }
    for (const item of items) if (item.files) tx.objectStore("files").delete(filesOf(item));
}

export function put(tx: WriteTx, item: StoredItem): StoredItem {
    tx.objectStore("items").put(item);
    return item;
}

/** In the order they were written. */
export function inState(tx: Tx, owner: string, state: ItemState, limit?: number): Promise<StoredItem[]> {
    return promised(tx.objectStore("items").index("state_owner").getAll([state, owner], limit));
}

/** Of every owner, one after the other. */
export function everyonesInState(tx: Tx, state: ItemState): Promise<StoredItem[]> {
    return promised(tx.objectStore("items").index("state_owner").getAll(IDBKeyRange.bound([state], [state, []])));
}

/** In the order they were written. */
export async function ownedBy(tx: Tx, owner: string): Promise<StoredItem[]> {
    return (await Promise.all(STATES.map((state) => inState(tx, owner, state)))).flat().sort((a, b) => a.seq - b.seq);
}

/**
 * A new id, on the server's clock: above `last` and those that the device remembers, and not before the server's latest answer.
 * A page remembers its own: to write each down would cost as much as the item itself.
 */
export function mintId({clock, answered_at, last_id}: Device, now: number, last: string): string {
    return mint(last > last_id ? last : last_id, Math.max(now + clock, answered_at));
}

/** The same item under a new id, as if written now and never sent. The old id stays an alias. */
export async function copyItem(tx: WriteTx, item: StoredItem, now: number): Promise<StoredItem> {
    const device = await readDevice(tx);
    const id = mintId(device, now, item.id);
    await changeDevice(tx, {last_id: id});
    return {
        ...item,
        ...DUE,
        id,
        aliases: [...item.aliases, item.id],
        ...writtenAt(device, now),
        send_count: 0,
        retry: 0,
        uncertain: false,
    };
}

export async function countItems(tx: Tx, owner: string): Promise<Counts> {
    const index = tx.objectStore("items").index("state_owner");
    const numbers = await Promise.all(STATES.map((state) => promised(index.count([state, owner]))));
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
