import type {Runtime} from "../../shared/context/runtime";
import {ended} from "../../shared/outbox/messages";
import type {StoredRequest} from "../../shared/rows/captured";
import {readDevice} from "../../shared/rows/device";
import {copyItem, DUE, findOwn, inState, isRetryable, mayBeHeld, ownedBy, put, remove} from "../../shared/rows/items";
import {keepResult, pruneResults} from "../../shared/rows/results";
import type {StoredItem, WriteTx} from "../../shared/rows/schema";
import {AlreadySentError, NotRetryableError} from "../../shared/vocabulary/errors";

/** The server can never run these under their id. */
const COPIED = new Set(["expired", "id_too_old"]);

/** The user's "try again" on a parked item; as a copy where its id can never run. Raises NotRetryableError. */
export function retry({db, now}: Runtime, id: string): Promise<StoredItem> {
    return db.write(async (tx) => {
        const item = await findOwn(tx, id);
        if (!item || !isRetryable(item)) throw new NotRetryableError(id);
        if (item.request) return put(tx, afresh(await copyItem(tx, item, now())));
        if (COPIED.has(item.result?.code ?? "")) return put(tx, await copyItem(tx, item, now()));
        return put(tx, {...item, ...DUE, retry: item.retry + 1});
    });
}

/** Raises AlreadySentError for what the server may hold. */
export async function discard({db, now, announce}: Runtime, id: string): Promise<void> {
    const item = await db.write(async (tx) => {
        const found = await findOwn(tx, id);
        if (found && mayBeHeld(found)) throw new AlreadySentError(id);
        if (found) await forget(tx, [found], now());
        return found;
    });
    if (item) announce(ended(item, "discarded"), {type: "change"});
}

/** The answer to a request is kept under its key: under another one it is asked for again. */
function afresh({request: {key: _, ...request} = {} as StoredRequest, ...item}: StoredItem): StoredItem {
    return {...item, request};
}

/**
 * Delete the parked items, or everything; how many there were. What the server may hold goes without a result: how it ends,
 * only the server can say.
 */
export async function clear({db, now, announce}: Runtime, everything: boolean): Promise<number> {
    const items = await db.write(async (tx) => {
        const {owner} = await readDevice(tx);
        const found = everything ? await ownedBy(tx, owner) : await inState(tx, owner, "parked");
        await forget(tx, found, now());
        return found;
    });
    announce(...items.filter((item) => !mayBeHeld(item)).map((item) => ended(item, "discarded")));
    // Whoever waits for the others has to ask the server.
    if (items.some(mayBeHeld)) announce({type: "owner"});
    announce({type: "change"});
    return items.length;
}

async function forget(tx: WriteTx, items: StoredItem[], now: number): Promise<void> {
    remove(tx, ...items);
    for (const item of items) if (!mayBeHeld(item)) keepResult(tx, item, {id: item.id, status: "discarded"}, now);
    await pruneResults(tx, now);
}
