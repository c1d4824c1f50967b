import {changeDevice, readDevice} from "../rows/device";
import {inState, ownedBy, put} from "../rows/items";
import {promised} from "../rows/promised";
import type {StoredItem, WriteTx} from "../rows/schema";
import {bindVisitor} from "../rows/visitors";

export interface OwnerChange {
    changed: boolean;
    blocked: StoredItem[];
    released: StoredItem[];
}

/**
 * The server has named the owner of the session, "" for nobody. Items of nobody are the first owner's, a visitor's are the
 * first user's; other owners' wait until theirs is confirmed again. `isVisitor`: nobody is signed in, and the owner is the
 * visitor that this client is.
 */
export async function confirmOwner(tx: WriteTx, owner: string, isVisitor: boolean): Promise<OwnerChange> {
    const {owner: before} = await readDevice(tx);
    if (isVisitor) await changeDevice(tx, {visitor: owner});
    else if (owner) await bindVisitor(tx, owner);
    if (owner !== before) await changeDevice(tx, {owner});
    if (owner) await adopt(tx, owner);
    return {
        changed: owner !== before,
        blocked: owner === before && owner ? [] : await blockOwner(tx, before),
        released: owner ? await release(tx, owner) : [],
    };
}

/** Their owner has to sign in before they can be sent. */
export async function blockOwner(tx: WriteTx, owner: string): Promise<StoredItem[]> {
    const items = [...(await inState(tx, owner, "queued")), ...(await inState(tx, owner, "sending"))];
    return items.map((item) => put(tx, {...item, state: "blocked"}));
}

async function release(tx: WriteTx, owner: string): Promise<StoredItem[]> {
    const items = await inState(tx, owner, "blocked");
    return items.map((item) => put(tx, {...item, state: "queued"}));
}

/** A page has learned whose session it is, after its worker has kept requests of it. Returns what can be sent now. */
export async function settleCaptured(tx: WriteTx, owner: string, page: string): Promise<StoredItem[]> {
    await settleProvisional(tx, owner, page);
    return owner && owner === (await readDevice(tx)).owner ? release(tx, owner) : [];
}

/**
 * What a page wrote before it knew whose session it is, is this owner's. But not what may have been sent as a visitor's:
 * the server would take it for another item, and knows how to bind it.
 */
export async function settleProvisional(tx: WriteTx, owner: string, page: string): Promise<void> {
    const items = await promised(tx.objectStore("items").index("provisional").getAll(page));
    const {visitor} = await readDevice(tx);
    for (const {provisional: _, ...item} of items) {
        const isOpen = item.state !== "accepted" && item.state !== "parked";
        put(tx, owner && isOpen && !(visitor && item.owner === visitor) ? {...item, owner} : item);
    }
}

async function adopt(tx: WriteTx, owner: string): Promise<void> {
    const items = await ownedBy(tx, "");
    for (const item of items) put(tx, {...item, owner});
}
