import {readDevice, type Device} from "../rows/device";
import {excess} from "../rows/files";
import {copyItem, DUE, find, findAgain, isOverdue, put, remove} from "../rows/items";
import {keepResult, verdictHere} from "../rows/results";
import type {StoredItem, WriteTx} from "../rows/schema";
import {clamped, postponed, type Moment} from "../vocabulary/backoff";
import type {Limits, Result} from "../vocabulary/protocol";
import {news, type Announcement} from "./messages";

/** Apply the verdicts on items that were just sent. Returns what to tell about them. */
export async function applyResults(
    tx: WriteTx, sent: StoredItem[], results: Result[], moment: Moment,
): Promise<Announcement[]> {
    return apply(tx, await findAgain(tx, sent), results, (item, result, gone) => applyResult(tx, item, result, moment, gone));
}

/** Apply news of items the server has had for longer. An item the user has just sent again is not concerned. */
export async function applyNews(tx: WriteTx, settled: Result[], moment: Moment): Promise<Announcement[]> {
    const device = await readDevice(tx);
    return apply(tx, new Map(), settled, (item, result, gone) => {
        const isUnknown = result.code === "unknown_item";
        if (isUnknown && isOverdue(item, device)) return applyResult(tx, item, verdictHere(item.id, "expired"), moment, gone);
        if (isUnknown && item.state === "accepted") put(tx, {...item, ...DUE});
        else if (isNews(item, result, device)) return applyResult(tx, item, result, moment, gone);
        return [];
    });
}

/** Count a delivery without a verdict against its items, so that others come first next time. */
export async function countFailure(tx: WriteTx, sent: StoredItem[], code: string, moment: Moment): Promise<void> {
    await giveBack(tx, sent, (item) => postponed({...item, last_error: code}, moment));
}

/** The server takes less than when these were written: what is too large for any delivery would fail for ever. */
export async function parkTooLarge(tx: WriteTx, sent: StoredItem[], limits: Limits, moment: Moment): Promise<Announcement[]> {
    const told: Announcement[] = [];
    for (const item of sent) {
        const kept = excess(item.files, limits) || item.bytes > limits.max_bytes ? await find(tx, item.id) : undefined;
        if (kept?.state === "queued") told.push(...(await applyResult(tx, kept, verdictHere(item.id, "too_large"), moment, [])));
    }
    return told;
}

/** Return leased items to the queue as they were. */
export async function giveBack(
    tx: WriteTx, sent: StoredItem[], changed: (item: StoredItem) => StoredItem = (item) => item,
): Promise<void> {
    await Promise.all(sent.map(async ({id, lease_by}) => {
        const item = await find(tx, id);
        const mine = item?.state === "sending" && item.lease_by === lease_by;
        if (mine) put(tx, {...changed(item), state: "queued"});
    }));
}

type Apply = (item: StoredItem, result: Result, gone: StoredItem[]) => Promise<Announcement[]> | Announcement[];

/** All at once: one after another, each item would wait for the way to the database and back. */
async function apply(
    tx: WriteTx, found: Map<string, StoredItem>, results: Result[], one: Apply,
): Promise<Announcement[]> {
    const gone: StoredItem[] = [];
    const once = new Map(results.map((result) => [result.id, result]));
    const told = await Promise.all([...once.values()].map(async (result) => {
        const item = found.get(result.id) ?? (await find(tx, result.id));
        return item ? one(item, result, gone) : [];
    }));
    remove(tx, ...gone);
    return told.flat();
}

function isNews(item: StoredItem, result: Result, device: Device): boolean {
    if (result.disposition === "retry") return false;
    // Sent, and too old to be sent again: it is what the server says.
    if (isOverdue(item, device)) return true;
    const known = item.result;
    const same = known?.status === result.status && known.code === result.code;
    return (item.state === "accepted" || item.state === "parked") && !same;
}

/** Apply one verdict. Returns what to tell about it; `gone` gets the item if that is to be removed. */
export async function applyResult(
    tx: WriteTx, item: StoredItem, result: Result, moment: Moment, gone: StoredItem[],
): Promise<Announcement[]> {
    switch (result.disposition) {
        case "done":
            gone.push(item);
            return finish(tx, item, result, moment);
        case "wait":
            put(tx, {...item, ...DUE, state: "accepted", uncertain: false, result});
            return item.state === "accepted" ? [] : [{type: "sent", item: news(item), result}];
        case "park":
            return park(tx, item, result, moment);
        default:
            if (item.state === "accepted" || item.state === "parked") return [];
            // `in_flight` is the one deferral after which the server does hold the item.
            put(tx, deferred({...item, uncertain: result.code === "in_flight"}, result, moment));
            return [];
    }
}

async function finish(tx: WriteTx, item: StoredItem, result: Result, {now}: Moment): Promise<Announcement[]> {
    // Whoever has left meanwhile has left nothing behind, and asks the server.
    if (item.owner === (await readDevice(tx)).owner) keepResult(tx, item, result, now);
    const settled: Announcement = {type: "settled", item: news(item), result};
    return item.state === "accepted" ? [settled] : [{type: "sent", item: news(item), result}, settled];
}

async function park(tx: WriteTx, item: StoredItem, result: Result, {now}: Moment): Promise<Announcement[]> {
    if (isFresh(item) && result.code === "id_too_old") {
        put(tx, await copyItem(tx, item, now));
        return [];
    }
    put(tx, {...item, state: "parked", uncertain: false, result});
    return [{type: "parked", item: news(item), result}, {type: "settled", item: news(item), result}];
}

/** Sent for the first time, so that it cannot have been applied: it may go on under a new id by itself, once. */
function isFresh(item: StoredItem): boolean {
    return item.state === "sending" && item.send_count === 1 && item.aliases.length === 0;
}

function deferred(item: StoredItem, result: Result, moment: Moment): StoredItem {
    const kept: StoredItem = {...item, state: item.state === "blocked" ? "blocked" : "queued", last_error: result.code};
    if (result.retry_after === null) return postponed(kept, moment);
    return {...kept, not_before: moment.now + clamped(result.retry_after)};
}
