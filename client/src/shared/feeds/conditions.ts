import type {FeedRegistration, StoredFeed} from "../rows/feed-rows";
import {isPast} from "../vocabulary/backoff";
import type {Trigger} from "../vocabulary/protocol";

/** What the browser says of the network; not in TypeScript's library, and only Chromium has it. */
export interface NetworkInformation {
    readonly type?: string;
    readonly saveData?: boolean;
}

/** An event comes by the browser's clock, and the time was taken when the pull before began: a little early is not too early. */
const EARLY = 0.9;
const METERED = new Set(["cellular", "bluetooth", "wimax"]);

/** Whether this network is one on which the user's page wants it. Where the browser says nothing, it is. */
export function isPermitted({network, even_on_save_data}: FeedRegistration, connection = networkInformation()): boolean {
    if (connection?.saveData && !even_on_save_data) return false;
    return network === "any" || !METERED.has(connection?.type ?? "");
}

/** Whether a registered feed may be pulled now, without anybody asking for it. */
export function isDue(feed: StoredFeed, now: number, trigger: Trigger): boolean {
    if (!feed.registration || !isPast(feed.not_before, now)) return false;
    if (trigger === "timer" && !isPast(feed.next_try, now)) return false;
    // Not by the clock if that was set back.
    return now < feed.pulled_at || freshUntil(feed) <= now;
}

/** When the timer is to look again. */
export function dueAt(feed: StoredFeed): number {
    return Math.max(freshUntil(feed), feed.not_before, feed.next_try);
}

/** As long as the page and the server agree; not at all where something is missing. */
function freshUntil({is_partial, paths, pulled_at, min_interval, registration}: StoredFeed): number {
    const interval = Math.max(registration?.min_interval ?? 0, min_interval);
    return is_partial || paths.length ? 0 : pulled_at && pulled_at + interval * EARLY;
}

function networkInformation(): NetworkInformation | undefined {
    return (globalThis.navigator as {connection?: NetworkInformation} | undefined)?.connection;
}
