import {blockOwner} from "../../shared/outbox/ownership";
import {changeDevice, readDevice} from "../../shared/rows/device";
import {countItems, ownedBy, remove} from "../../shared/rows/items";
import {promised} from "../../shared/rows/promised";
import type {StoredItem, WriteTx} from "../../shared/rows/schema";
import {uuid4} from "../../shared/vocabulary/identity";

/** What a device that is signed out keeps of its owner. */
export interface Farewell {
    /** Who has left. */
    owner: string;
    /** Unsent or parked: they wait here for their owner. */
    kept: number;
    discarded: StoredItem[];
    blocked: StoredItem[];
}

/** The owner leaves this device: nothing is shown or sent any more, and how items ended is forgotten, and feeds. */
export async function leave(tx: WriteTx, discard: boolean): Promise<Farewell> {
    const {owner, isBound} = await readDevice(tx);
    const discarded = discard ? await forgetItems(tx, owner) : [];
    await forgetResults(tx, owner);
    forgetFeeds(tx, owner);
    const {pending, parked} = await countItems(tx, owner);
    const blocked = await blockOwner(tx, owner);
    // The server takes a visitor who has become a user for nobody: the next one needs another name.
    await changeDevice(tx, {owner: "", visitor: "", isBound: false, ...(isBound && {client: uuid4()})});
    return {owner, kept: pending + parked, discarded, blocked};
}

async function forgetItems(tx: WriteTx, owner: string): Promise<StoredItem[]> {
    const theirs = await ownedBy(tx, owner);
    for (const item of theirs) remove(tx, item);
    return theirs;
}

async function forgetResults(tx: WriteTx, owner: string): Promise<void> {
    const results = tx.objectStore("results");
    for (const result of await promised(results.getAll())) if (result.owner === owner) results.delete(result.id);
}

function forgetFeeds(tx: WriteTx, owner: string): void {
    for (const name of ["feeds", "feed_items"] as const) tx.objectStore(name).delete(IDBKeyRange.bound([owner], [owner, []]));
}
