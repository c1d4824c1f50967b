import {promised} from "./promised";
import type {StoredItem, Tx} from "./schema";

/** What counts as the site's answer to a request that is sent again: one with our header, or any by its status. */
export type VerdictRule = "header" | "status";

/** A request of a page that is to be sent as it was. Its body is a file of the item. */
export interface StoredRequest {
    method: string;
    /** With the query. */
    path: string;
    /** Without those that prove who somebody is: what proves it now is read when it is sent. */
    headers: [name: string, value: string][];
    verdict: VerdictRule;
    /** The page's own Idempotency-Key; else the item's id is the key. */
    key?: string;
}

/** Captured items; to the server each is `http:` and the name of its view. No handler can have such a tag. */
export const CAPTURED = "http:captured";
/** Under which name the body is among the item's files. */
export const BODY = "body";

const LANE = "http:";

/** Requests of one pattern keep their order: a change must not overtake what it changes. */
export function laneOf(pattern: string): string {
    return LANE + pattern;
}

export async function hasCaptured(tx: Tx, owner: string): Promise<boolean> {
    return (await promised(tx.objectStore("items").index("owner_lane").count(lanesOf(owner)))) > 0;
}

/** Every captured item of an owner, in the order they were written. */
export async function captured(tx: Tx, owner: string): Promise<StoredItem[]> {
    const items = await promised(tx.objectStore("items").index("owner_lane").getAll(lanesOf(owner)));
    return items.filter(({request}) => request).sort((a, b) => a.seq - b.seq);
}

/** Whether it holds those behind it. What is parked waits for the user, and nobody for it. */
export function isOpen({state}: StoredItem): boolean {
    return state !== "parked";
}

/** The first of each lane that waits to be sent, in turn: those with fewer failures first. */
export function heads(items: StoredItem[]): StoredItem[] {
    const open = items.filter(isOpen);
    const firsts = open.filter(({lane, seq}) => !open.some((other) => other.lane === lane && other.seq < seq));
    return firsts.filter(({state}) => state === "queued").sort((a, b) => a.failures - b.failures || a.seq - b.seq);
}

function lanesOf(owner: string): IDBKeyRange {
    return IDBKeyRange.bound([owner, LANE], [owner, `${LANE}\uffff`]);
}
