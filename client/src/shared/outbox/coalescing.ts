import {remove} from "../rows/items";
import {promised} from "../rows/promised";
import {keepResult, pruneResults} from "../rows/results";
import type {StoredItem, WriteTx} from "../rows/schema";
import type {Draft} from "./outbox";

/**
 * Take out what the draft replaces: items with its owner, tag, lane and key that no delivery has ever carried. What a page
 * wrote before it knew whose session it is may yet turn out to be somebody else's, so it replaces only its own.
 */
export async function supersede(tx: WriteTx, owner: string, draft: Draft, now: number): Promise<StoredItem[]> {
    const {tag, lane = "", coalesce_key, provisional} = draft;
    if (coalesce_key === undefined) return [];
    const alike = await promised(tx.objectStore("items").index("coalesced").getAll([owner, tag, coalesce_key]));
    const replaced = alike.filter((item) => (
        (item.lane ?? "") === lane && item.send_count === 0 && item.provisional === provisional
        && (item.state === "queued" || item.state === "blocked")
    ));
    for (const item of replaced) {
        remove(tx, item);
        keepResult(tx, item, {id: item.id, status: "superseded"}, now);
    }
    if (replaced.length) await pruneResults(tx, now);
    return replaced;
}
