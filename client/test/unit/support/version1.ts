/** The outbox as the first schema wrote it, by hand: what devices have must be read for ever. */

const ITEM = {
    aliases: [], tag: "post", lane: "", payload: {text: "hi"}, bytes: 13, owner: "A", state: "queued", failures: 0, next_try: 0,
    not_before: 0, result: null, last_error: null, created_at: 1_795_100_000_000, send_count: 0, retry: 0, uncertain: false,
    lease_by: "", lease_until: 0,
};
const DEVICE = {
    client: "0d9d1b58-7c0c-4a52-8c0e-6b5e1c6a6f10", owner: "A", clock: 0, minted: {at: 1_795_100_000_000, count: 7},
    limits: {max_items: 100, max_bytes: 1_048_576, max_item_bytes: 262_144}, not_before: 0, failures: 0, next_try: 0, dirty: null,
    lease: {by: "", until: 0}, failed_tags: [], dropped: {quota: 1},
    capabilities: {worker: "none", sync: "unsupported", persisted: false, locks: false}, worker_version: "",
};
const RESULT = {id: "gone", owner: "A", settled_at: 1_795_100_000_000, settlement: {id: "gone", status: "discarded"}};

export const QUEUED = ["019f0000-0000-7000-8000-000000000001", "019f0000-0000-7000-8000-000000000002"] as const;
export const PARKED = "019f0000-0000-7000-8000-000000000003";

/** Two items that wait, the first sent without a verdict, and one that was refused. */
export function writeVersion1(): Promise<void> {
    return new Promise((resolve, reject) => {
        const opening = indexedDB.open("django-bgsync", 1);
        opening.onupgradeneeded = () => {
            const db = opening.result;
            const items = db.createObjectStore("items", {keyPath: "seq", autoIncrement: true});
            items.createIndex("id", "id", {unique: true});
            items.createIndex("aliases", "aliases", {multiEntry: true});
            items.createIndex("state", "state");
            items.createIndex("owner_state", ["owner", "state"]);
            items.createIndex("owner_lane", ["owner", "lane"]);
            items.createIndex("provisional", "provisional");
            const results = db.createObjectStore("results", {keyPath: "id"});
            results.createIndex("settled_at", "settled_at");
            const meta = db.createObjectStore("meta");
            items.add({...ITEM, id: QUEUED[0], send_count: 1, uncertain: true});
            items.add({...ITEM, id: QUEUED[1], lane: "orders"});
            const verdict = {id: PARKED, status: "rejected", disposition: "park", code: "invalid", replayed: false};
            items.add({...ITEM, id: PARKED, state: "parked", result: {...verdict, result: null, retry_after: null, problem: null}});
            results.add(RESULT);
            meta.add(DEVICE, "device");
        };
        opening.onsuccess = () => {
            opening.result.close();
            resolve();
        };
        opening.onerror = () => reject(opening.error as Error);
    });
}
