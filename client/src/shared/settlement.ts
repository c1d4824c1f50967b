import {clamped, postponed, type Moment} from "./backoff";
import {readDevice, type Device} from "./device";
import {copyItem, DUE, find, isOverdue, put, remove} from "./items";
import {news, type Announcement} from "./messages";
import type {Result} from "./protocol";
import {keepResult, pruneResults, verdictHere} from "./results";
import type {StoredItem, WriteTx} from "./schema";

/** Apply the verdicts on items that were just sent. Returns what to tell about them. */
export async function applyResults(tx: WriteTx, results: Result[], moment: Moment): Promise<Announcement[]> {
    const told: Announcement[] = [];
    for (const result of results) {
        const item = await find(tx, result.id);
        if (item) told.push(...(await applyResult(tx, item, result, moment)));
    }
    await pruneResults(tx, moment.now);
    return told;
}

/** Apply news of items the server has had for longer. An item the user has just sent again is not concerned. */
export async function applyNews(tx: WriteTx, settled: Result[], moment: Moment): Promise<Announcement[]> {
    const told: Announcement[] = [];
    const device = await readDevice(tx);
    for (const result of settled) {
        const item = await find(tx, result.id);
        const isUnknown = result.code === "unknown_item";
        if (item && isOverdue(item, device) && isUnknown) told.push(...(await applyResult(tx, item, verdictHere(item.id, "expired"), moment)));
        else if (item?.state === "accepted" && isUnknown) await put(tx, {...item, ...DUE});
        else if (item && isNews(item, result, device)) told.push(...(await applyResult(tx, item, result, moment)));
    }
    await pruneResults(tx, moment.now);
    return told;
}

/** Count a delivery without a verdict against its items, so that others come first next time. */
export async function countFailure(tx: WriteTx, sent: StoredItem[], code: string, moment: Moment): Promise<void> {
    await giveBack(tx, sent, (item) => postponed({...item, last_error: code}, moment));
}

/** Return leased items to the queue as they were. */
export async function giveBack(
    tx: WriteTx, sent: StoredItem[], changed: (item: StoredItem) => StoredItem = (item) => item,
): Promise<void> {
    for (const {id, lease_by} of sent) {
        const item = await find(tx, id);
        const mine = item?.state === "sending" && item.lease_by === lease_by;
        if (mine) await put(tx, {...changed(item), state: "queued"});
    }
}

function isNews(item: StoredItem, result: Result, device: Device): boolean {
    if (result.disposition === "retry") return false;
    // Sent, and too old to be sent again: it is what the server says.
    if (isOverdue(item, device)) return true;
    const known = item.result;
    const same = known?.status === result.status && known.code === result.code;
    return (item.state === "accepted" || item.state === "parked") && !same;
}

/** Apply one verdict. Returns what to tell about it. */
export async function applyResult(tx: WriteTx, item: StoredItem, result: Result, moment: Moment): Promise<Announcement[]> {
    switch (result.disposition) {
        case "done":
            return finish(tx, item, result, moment);
        case "wait":
            await put(tx, {...item, ...DUE, state: "accepted", uncertain: false, result});
            return item.state === "accepted" ? [] : [{type: "sent", item: news(item), result}];
        case "park":
            return park(tx, item, result, moment);
        default:
            if (item.state === "accepted" || item.state === "parked") return [];
            // `in_flight` is the one deferral after which the server does hold the item.
            await put(tx, deferred({...item, uncertain: result.code === "in_flight"}, result, moment));
            return [];
    }
}

async function finish(tx: WriteTx, item: StoredItem, result: Result, {now}: Moment): Promise<Announcement[]> {
    await remove(tx, item);
    await keepResult(tx, item, result, now);
    const settled: Announcement = {type: "settled", item: news(item), result};
    return item.state === "accepted" ? [settled] : [{type: "sent", item: news(item), result}, settled];
}

async function park(tx: WriteTx, item: StoredItem, result: Result, {now}: Moment): Promise<Announcement[]> {
    if (isFresh(item) && result.code === "id_too_old") {
        await put(tx, await copyItem(tx, item, now));
        return [];
    }
    await put(tx, {...item, state: "parked", uncertain: false, result});
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
