import {changeDevice, isLongAgo, readDevice, type Device} from "./device";
import {mint} from "./identity";
import type {OutboxReport} from "./protocol";
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

export async function put(tx: WriteTx, item: StoredItem): Promise<StoredItem> {
    await tx.objectStore("items").put(item);
    return item;
}

export async function remove(tx: WriteTx, item: StoredItem): Promise<void> {
    await tx.objectStore("items").delete(item.seq);
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
    await changeDevice(tx, {minted});
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
