import type {Database} from "../rows/database";
import {changeDevice, readDevice} from "../rows/device";
import {everyonesInState, overdueItems, put} from "../rows/items";
import {verdictHere} from "../rows/results";
import type {StoredItem, Tx, WriteTx} from "../rows/schema";
import type {Moment} from "../vocabulary/backoff";
import type {Announcement} from "./messages";
import {applyResult} from "./settlement";

/**
 * From when on an item is too old: by the server's clock, and counted from its first answer since the item was written. What
 * the device's own clock says may be years off, and right again the next day.
 */
export async function startAging(db: Database, maxAge: number): Promise<void> {
    const known = await db.read(readDevice);
    if (known.answers === known.aged) return;
    await db.write(async (tx) => {
        const {answers, answered_at} = await readDevice(tx);
        for (const item of await ageless(tx)) {
            put(tx, {...item, expires_at: answered_at + Math.min(item.max_age ?? Infinity, maxAge)});
        }
        await changeDevice(tx, {aged: answers});
    });
}

/** Park what is too old by now. What may have reached the server stays: the server is asked for it first. */
export async function expire(tx: WriteTx, moment: Moment): Promise<Announcement[]> {
    const device = await readDevice(tx);
    const told: Announcement[] = [];
    for (const item of await overdueItems(tx, device)) {
        if (item.uncertain) continue;
        const news = await applyResult(tx, item, verdictHere(item.id, "expired"), moment, []);
        if (item.owner === device.owner) told.push(...news);
    }
    return told;
}

/** Waiting since before the server's last answer, and not yet counted from any. */
async function ageless(tx: Tx): Promise<StoredItem[]> {
    const {answers} = await readDevice(tx);
    const waiting = [...(await everyonesInState(tx, "queued")), ...(await everyonesInState(tx, "blocked"))];
    return waiting.filter(({expires_at, since}) => answers && !expires_at && since !== answers);
}
