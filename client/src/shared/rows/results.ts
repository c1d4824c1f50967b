import type {Result} from "../vocabulary/protocol";
import {promised} from "./promised";
import type {Settlement, StoredItem, WriteTx} from "./schema";

const KEPT = 500;
const KEPT_FOR = 7 * 24 * 3_600_000;

/** Remember how an item ended, under every id it was known by, for as long as a reloaded page may ask. */
export function keepResult(tx: WriteTx, item: StoredItem, settlement: Settlement, now: number): void {
    const results = tx.objectStore("results");
    for (const id of [item.id, ...item.aliases]) {
        results.put({id, owner: item.owner, settled_at: now, settlement});
    }
}

export async function pruneResults(tx: WriteTx, now: number): Promise<void> {
    const results = tx.objectStore("results");
    const byAge = results.index("settled_at");
    const old = await promised(byAge.getAllKeys(IDBKeyRange.upperBound(now - KEPT_FOR)));
    const surplus = (await promised(results.count())) - old.length - KEPT;
    const oldest = surplus > 0 ? await promised(byAge.getAllKeys(null, old.length + surplus)) : old;
    for (const id of oldest) results.delete(id);
}

const HERE = {expired: ["expired", "park"], too_large: ["rejected", "park"], unknown_item: ["deferred", "retry"]} as const;

/** What this device itself has to say of an item, in the server's words. */
export function verdictHere(id: string, code: keyof typeof HERE): Result {
    const [status, disposition] = HERE[code];
    return {id, status, disposition, code, replayed: false, result: null, retry_after: null, problem: null};
}
