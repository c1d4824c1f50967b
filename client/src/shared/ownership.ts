import {changeDevice, readDevice} from "./device";
import {inState, ownedBy, put} from "./items";
import type {StoredItem, WriteTx} from "./schema";
import {bindVisitor} from "./visitors";

export interface OwnerChange {
    changed: boolean;
    blocked: StoredItem[];
    released: StoredItem[];
}

/** Who has said it, and of whom. */
interface Circumstances {
    /** The page that asked: what it wrote before it knew is this owner's. */
    page?: string | undefined;
    /** Nobody is signed in, and the owner is the visitor that this client is. */
    isVisitor?: boolean;
}

/**
 * The server has named the owner of the session, "" for nobody. Items of nobody are the first owner's, a visitor's are the
 * first user's; other owners' wait until theirs is confirmed again.
 */
export async function confirmOwner(tx: WriteTx, owner: string, {page, isVisitor}: Circumstances = {}): Promise<OwnerChange> {
    const {owner: before} = await readDevice(tx);
    if (page !== undefined) await settleProvisional(tx, owner, page);
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

async function settleProvisional(tx: WriteTx, owner: string, page: string): Promise<void> {
    const items = await tx.objectStore("items").index("provisional").getAll(page);
    for (const {provisional: _, ...item} of items) {
        put(tx, owner && item.state !== "accepted" && item.state !== "parked" ? {...item, owner} : item);
    }
}

async function adopt(tx: WriteTx, owner: string): Promise<void> {
    const items = await ownedBy(tx, "");
    for (const item of items) put(tx, {...item, owner});
}
