import type {Database} from "../../shared/rows/database";
import {readDevice, type Device} from "../../shared/rows/device";
import {countItems, inState, type Counts} from "../../shared/rows/items";
import {promised} from "../../shared/rows/promised";
import type {ItemState, StoredItem, Tx} from "../../shared/rows/schema";

/** The outbox as its owner may see it. */
export interface Snapshot {
    /** Those that need the owner first, then in the order they were written. */
    items: StoredItem[];
    counts: Counts;
    /** Of the owner, whether read or not. */
    total: number;
    /** How many belong to others; nothing more of them is read. */
    others: number;
    device: Device;
}

const OPEN: ItemState[] = ["queued", "sending", "accepted"];

/** At most so many items: an outbox may be long. */
export function look(db: Database, most: number): Promise<Snapshot> {
    return db.read(async (tx) => {
        const device = await readDevice(tx);
        const counts = await countItems(tx, device.owner);
        const total = counts.pending + counts.accepted + counts.parked;
        const others = (await promised(tx.objectStore("items").count())) - total;
        return {items: await first(tx, device.owner, most), counts, total, others, device};
    });
}

async function first(tx: Tx, owner: string, most: number): Promise<StoredItem[]> {
    const found = [...(await inState(tx, owner, "parked", most)), ...(await inState(tx, owner, "blocked", most))];
    const open = await Promise.all(OPEN.map((state) => inState(tx, owner, state, most)));
    return [...found, ...open.flat().sort((a, b) => a.seq - b.seq)].slice(0, most);
}
