import type {FeedContent} from "../../page/core";
import type {Runtime} from "../../shared/context/runtime";
import {readDevice} from "../../shared/rows/device";
import {findFeed, itemsOf} from "../../shared/rows/feed-rows";
import type {FeedItem} from "../../shared/vocabulary/protocol";

/** What this device has of the feeds of the present owner. */
export class Reading {
    /** Feeds that this page has shown. */
    readonly names = new Set<string>();

    constructor(private readonly runtime: Runtime) {}

    read(name: string): Promise<FeedContent<FeedItem>> {
        this.names.add(name);
        return this.runtime.db.read(async (tx) => {
            const {owner} = await readDevice(tx);
            const feed = await findFeed(tx, owner, name);
            const {pulled_at, is_partial, staged} = feed;
            return {
                items: await itemsOf(tx, feed),
                updatedAt: pulled_at ? new Date(pulled_at).toISOString() : null,
                isComplete: pulled_at > 0 && (!is_partial || staged !== null),
            };
        });
    }
}
