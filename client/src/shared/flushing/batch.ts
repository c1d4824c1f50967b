import {LEASE} from "../context/lock";
import {readDevice, type Device} from "../rows/device";
import {fileBytes} from "../rows/files";
import {everyonesInState, inState, isOverdue, put} from "../rows/items";
import {promised} from "../rows/promised";
import type {StoredItem, Tx, WriteTx} from "../rows/schema";
import {isPast} from "../vocabulary/backoff";
import type {Limits, WireItem} from "../vocabulary/protocol";
import {inTurn, sendable, type Candidate} from "./lanes";

export interface Selection {
    owner: string;
    now: number;
    /** Our own backoff does not count; what the server asked for always does. */
    eager: boolean;
    /** Items this flush is done with. */
    tried: ReadonlySet<string>;
    /** At most so many items, whatever the server allows. */
    cap: number;
    /** The server has answered a moment ago. */
    proven: boolean;
    by: string;
    leaseUntil: number;
}

export interface Leased {
    item: StoredItem;
    wire: WireItem;
}

/** Room for everything in an envelope but its items. */
const ENVELOPE_BYTES = 12_288;
/** Room for everything in an item but its payload. */
export const WIRE_ITEM_BYTES = 768;
/** Where a slow connection breaks off, so much has to be sent again. */
const ENOUGH_FILE_BYTES = 8_388_608;

/** Lease the next items of an owner to one delivery. */
export async function leaseBatch(tx: WriteTx, selection: Selection): Promise<Leased[]> {
    const device = await readDevice(tx);
    const {limits} = device;
    const most = Math.min(selection.cap, limits.max_items);
    const found = ofOneSender(await candidates(tx, device, selection, most));
    const batch = cut(found.slice(0, isProbe(found, selection) ? 1 : most), limits);
    return batch.map((candidate) => lease(tx, device, candidate, selection));
}

/** A delivery has one owner, and a user sends what a visitor wrote in the visitor's name. */
function ofOneSender(found: Candidate[]): Candidate[] {
    return found.filter(({item}) => item.visitor?.owner === found[0]!.item.visitor?.owner);
}

/** Items whose sender is gone: all of them for whoever holds the lock, else those whose lease has run out. */
export async function reclaim(tx: WriteTx, everything: boolean, now: number): Promise<void> {
    const {owner} = await readDevice(tx);
    for (const item of await everyonesInState(tx, "sending")) {
        // A lease that is longer than any was given by a clock that has been put right since.
        if (!everything && item.lease_until > now && item.lease_until <= now + LEASE) continue;
        put(tx, {...item, state: item.owner === owner ? "queued" : "blocked"});
    }
}

/** The first of each of these lanes and every other item: what is due next is among them. None of a lane that has to wait. */
export async function heads(tx: Tx, queued: StoredItem[]): Promise<StoredItem[]> {
    return (await rows(tx, queued, () => true, 1)).flatMap(([first]) => first?.item ?? []);
}

async function candidates(tx: Tx, device: Device, selection: Selection, most: number): Promise<Candidate[]> {
    const isDue = (item: StoredItem) =>
        !item.request &&
        !selection.tried.has(item.id) &&
        !isOverdue(item, device) &&
        isPast(item.not_before, selection.now) &&
        (selection.eager || isPast(item.next_try, selection.now));
    const isWhole = most === device.limits.max_items;
    // No more than may go, unless some of them have failed: those must not fill every delivery.
    for (let limit = isWhole ? most : 2 * most; ; limit *= 4) {
        const queued = await inState(tx, selection.owner, "queued", limit);
        const found = inTurn(await rows(tx, queued, isDue, most));
        const isEnough = found.length >= most && (limit > most || !found.some(({item}) => item.failures));
        if (isEnough || queued.length < limit) return found;
    }
}

async function rows(
    tx: Tx, queued: StoredItem[], isDue: (item: StoredItem) => boolean, most: number,
): Promise<Candidate[][]> {
    const free = queued.filter((item) => !item.lane && isDue(item)).map((item) => [{item, after: null}]);
    const lanes = new Map(queued.filter((item) => item.lane).map(({owner, lane}) => [lane!, owner]));
    const ordered = [...lanes].map(([lane, owner]) => row(tx, [owner, lane], isDue, most));
    return [...free, ...(await Promise.all(ordered))];
}

/** What may be sent of one lane, reading no further than needed: it may be long. */
async function row(
    tx: Tx, lane: [owner: string, lane: string], isDue: (item: StoredItem) => boolean, most: number,
): Promise<Candidate[]> {
    for (let limit = 2 * most; ; limit *= 4) {
        const items = await promised(tx.objectStore("items").index("owner_lane").getAll(lane, limit));
        const found = sendable(items, isDue);
        const last = items.at(-1);
        const hasStopped = last?.state === "queued" && found.at(-1)?.item !== last;
        if (items.length < limit || found.length >= most || hasStopped) return found;
    }
}

/** What fails again and again is tried alone first: it may be the one that breaks the delivery for the others. */
function isProbe(found: Candidate[], {proven}: Selection): boolean {
    return !proven && (found[0]?.item.failures ?? 0) >= 2;
}

function cut(found: Candidate[], limits: Limits): Candidate[] {
    let room = limits.max_bytes - ENVELOPE_BYTES;
    let files = limits.max_files;
    let fileRoom = Math.min(limits.max_delivery_file_bytes, ENOUGH_FILE_BYTES);
    const fitting = found.findIndex(({item}) => {
        room -= item.bytes + WIRE_ITEM_BYTES;
        files -= item.files?.length ?? 0;
        fileRoom -= fileBytes(item.files);
        return Math.min(room, files, fileRoom) < 0;
    });
    return fitting === -1 ? found : found.slice(0, Math.max(1, fitting));
}

function lease(tx: WriteTx, {clock}: Device, {item, after}: Candidate, {by, leaseUntil}: Selection): Leased {
    const leased = put(tx, {
        ...item, state: "sending", send_count: item.send_count + 1, uncertain: true, lease_by: by, lease_until: leaseUntil,
    });
    return {item: leased, wire: wireItem(leased, after, clock)};
}

/** `clock`: what the device's is off now. The server takes an instant for one of the clock that says when this was sent. */
export function wireItem(item: StoredItem, after: string | null, clock: number): WireItem {
    return {
        id: item.id,
        tag: item.tag,
        lane: item.lane ?? "",
        after,
        seq: item.seq,
        created_at: new Date(item.created_at + (item.clock ?? clock) - clock).toISOString(),
        send_count: item.send_count,
        retry: item.retry,
        payload: item.payload,
    };
}
