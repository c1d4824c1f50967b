import type {FeedItem, FeedPage} from "../vocabulary/protocol";
import {promised} from "./promised";
import type {Tx, WriteTx} from "./schema";

/** Of one feed: what came first goes first. */
export const MAX_FEED_ITEMS = 2_000;
export const MAX_FEED_BYTES = 5 * 1024 * 1024;
/** Of all feeds of all owners: others' go first, then those that were pulled longest ago. */
export const MAX_BYTES = 20 * 1024 * 1024;
const MAX_PATHS = 200;
const EVICTED_AT_ONCE = 100;

export type Network = "any" | "unmetered";

/** What a page has asked for, and under which conditions. */
export interface FeedRegistration {
    /** Milliseconds. */
    min_interval: number;
    network: Network;
    even_on_save_data: boolean;
}

/** One filling of a feed. */
export interface Extent {
    generation: number;
    /** Where the next new item goes. */
    next: number;
    count: number;
    /** Of the items as JSON in UTF-8. */
    bytes: number;
}

/** One feed of one owner. Instants are milliseconds of the device's clock. */
export interface StoredFeed {
    owner: string;
    name: string;
    cursor: string | null;
    /** What is read. */
    live: Extent;
    /** What takes its place when it is complete. */
    staged: Extent | null;
    /** When the latest complete pull began, 0 before the first. */
    pulled_at: number;
    /** There is more, which was not pulled yet. */
    is_partial: boolean;
    /** Our own backoff. */
    failures: number;
    next_try: number;
    /** The server's `Retry-After`. */
    not_before: number;
    /** The server's word on how often it is asked, in milliseconds; 0 before the first. */
    min_interval: number;
    /** Pages of the site that are still to be kept. */
    paths: string[];
    registration: FeedRegistration | null;
}

export interface StoredFeedItem {
    owner: string;
    name: string;
    generation: number;
    position: number;
    /** As text: `7` and `"7"` are the same. */
    id: string;
    item: FeedItem;
    bytes: number;
}

const EMPTY: Extent = {generation: 0, next: 0, count: 0, bytes: 0};

export async function findFeed(tx: Tx, owner: string, name: string): Promise<StoredFeed> {
    return (await promised(tx.objectStore("feeds").get([owner, name]))) ?? {
        owner, name, cursor: null, live: EMPTY, staged: null, pulled_at: 0, is_partial: false, failures: 0, next_try: 0, not_before: 0,
        min_interval: 0, paths: [], registration: null,
    };
}

export function feedsOf(tx: Tx, owner: string): Promise<StoredFeed[]> {
    return promised(tx.objectStore("feeds").getAll(within(owner)));
}

export function putFeed(tx: WriteTx, feed: StoredFeed): StoredFeed {
    tx.objectStore("feeds").put(feed);
    return feed;
}

/** In the order in which the server has sent them; one that came again stays in its place. */
export async function itemsOf(tx: Tx, {owner, name, live}: StoredFeed): Promise<FeedItem[]> {
    const rows = await promised(tx.objectStore("feed_items").getAll(within(owner, name, live.generation)));
    return rows.map(({item}) => item);
}

/** Put a page where it belongs. What a reset replaces stays until the last page has come. */
export async function storePage(tx: WriteTx, before: StoredFeed, page: FeedPage): Promise<StoredFeed> {
    const feed = page.reset ? restaged(tx, before) : before;
    const filled = {...(feed.staged ?? feed.live)};
    await takeOut(tx, feed, filled, page.deleted.map(String));
    await putIn(tx, feed, filled, page.items);
    await evict(tx, feed, filled);
    const after: StoredFeed = {
        ...feed,
        ...(feed.staged ? {staged: filled} : {live: filled}),
        cursor: page.cursor,
        is_partial: page.more,
        min_interval: page.min_interval * 1_000,
        paths: [...new Set([...feed.paths, ...page.cache])].slice(-MAX_PATHS),
    };
    return putFeed(tx, page.more || !after.staged ? after : exchanged(tx, after, after.staged));
}

/** Everything it holds goes; what a page has asked for stays. */
export function emptied(tx: WriteTx, feed: StoredFeed): StoredFeed {
    tx.objectStore("feed_items").delete(within(feed.owner, feed.name));
    return putFeed(tx, {...feed, cursor: null, live: EMPTY, staged: null, is_partial: false, paths: []});
}

/** Let all feeds together have no more than so many bytes; the one at hand stays. Whether there was something to drop. */
export async function makeRoom(tx: WriteTx, {owner, name}: StoredFeed, most = MAX_BYTES): Promise<boolean> {
    const all = await promised(tx.objectStore("feeds").getAll());
    const others = all.filter((feed) => size(feed) > 0 && (feed.owner !== owner || feed.name !== name));
    const isMine = (feed: StoredFeed) => Number(feed.owner === owner);
    others.sort((a, b) => isMine(a) - isMine(b) || a.pulled_at - b.pulled_at);
    let bytes = all.reduce((sum, feed) => sum + size(feed), 0);
    const dropped = others.filter((feed) => bytes > most && (bytes -= size(feed), true));
    for (const feed of dropped) emptied(tx, feed);
    return dropped.length > 0;
}

function size({live, staged}: StoredFeed): number {
    return live.bytes + (staged?.bytes ?? 0);
}

/** Where there is nothing to read yet, pages may be read as they come. */
function restaged(tx: WriteTx, feed: StoredFeed): StoredFeed {
    if (feed.staged) tx.objectStore("feed_items").delete(within(feed.owner, feed.name, feed.staged.generation));
    const generation = Math.max(feed.live.generation, feed.staged?.generation ?? 0) + 1;
    return {...feed, staged: feed.live.count ? {...EMPTY, generation} : null};
}

function exchanged(tx: WriteTx, feed: StoredFeed, staged: Extent): StoredFeed {
    tx.objectStore("feed_items").delete(within(feed.owner, feed.name, feed.live.generation));
    return {...feed, live: staged, staged: null};
}

async function takeOut(tx: WriteTx, feed: StoredFeed, filled: Extent, ids: string[]): Promise<void> {
    for (const row of await known(tx, feed, filled, [...new Set(ids)])) if (row) remove(tx, filled, row);
}

async function putIn(tx: WriteTx, {owner, name, ...feed}: StoredFeed, filled: Extent, items: FeedItem[]): Promise<void> {
    const once = new Map(items.map((item) => [String(item.id), item]));
    const before = await known(tx, {owner, name, ...feed}, filled, [...once.keys()]);
    [...once].forEach(([id, item], i) => {
        const {generation} = filled;
        const bytes = new TextEncoder().encode(JSON.stringify(item)).length;
        const position = before[i]?.position ?? filled.next++;
        filled.count += before[i] ? 0 : 1;
        filled.bytes += bytes - (before[i]?.bytes ?? 0);
        tx.objectStore("feed_items").put({owner, name, generation, position, id, item, bytes});
    });
}

async function evict(tx: WriteTx, {owner, name}: StoredFeed, filled: Extent): Promise<void> {
    const isOver = () => filled.count > MAX_FEED_ITEMS || filled.bytes > MAX_FEED_BYTES;
    while (isOver()) {
        const first = await promised(tx.objectStore("feed_items").getAll(within(owner, name, filled.generation), EVICTED_AT_ONCE));
        if (!first.length) return;
        for (const row of first) if (isOver()) remove(tx, filled, row);
    }
}

function known(tx: WriteTx, {owner, name}: StoredFeed, {generation}: Extent, ids: string[]): Promise<(StoredFeedItem | undefined)[]> {
    const index = tx.objectStore("feed_items").index("id");
    return Promise.all(ids.map((id) => promised(index.get([owner, name, generation, id]))));
}

function remove(tx: WriteTx, filled: Extent, {owner, name, generation, position, bytes}: StoredFeedItem): void {
    filled.count -= 1;
    filled.bytes -= bytes;
    tx.objectStore("feed_items").delete([owner, name, generation, position]);
}

/** All keys that begin like this. */
function within(...start: (string | number)[]): IDBKeyRange {
    return IDBKeyRange.bound(start, [...start, []]);
}
