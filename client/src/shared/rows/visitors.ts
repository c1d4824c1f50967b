import {changeDevice, readDevice} from "./device";
import {find, ownedBy, put} from "./items";
import {promised} from "./promised";
import type {StoredItem, WriteTx} from "./schema";

/** Who wrote an item before anybody had signed in. The server has its row under this owner, whoever owns it now. */
export interface Visitor {
    owner: string;
    client: string;
}

/** The visitor's items are the user's from now on: the first one whose session this device confirms. */
export async function bindVisitor(tx: WriteTx, user: string): Promise<void> {
    const {client, visitor} = await readDevice(tx);
    if (!visitor || visitor === user) return;
    const items = await ownedBy(tx, visitor);
    for (const item of items) put(tx, {...item, owner: user, visitor: {owner: visitor, client}});
    const results = await promised(tx.objectStore("results").getAll());
    for (const result of results) if (result.owner === visitor) tx.objectStore("results").put({...result, owner: user});
    await changeDevice(tx, {visitor: "", isBound: true});
}

/** The server knows another user of that visitor. What it has never seen goes on in its owner's own name. */
export async function disown(tx: WriteTx, sent: StoredItem[]): Promise<void> {
    for (const {id} of sent) {
        const item = await find(tx, id);
        if (!item?.visitor || item.send_count > 1) continue;
        const {visitor: _, ...own} = item;
        put(tx, own);
    }
}
