import type {Database} from "../rows/database";
import {promised} from "../rows/promised";

/** Not in TypeScript's library. */
export interface PeriodicSyncManager {
    register(tag: string, options: {minInterval: number}): Promise<void>;
    unregister(tag: string): Promise<void>;
    getTags(): Promise<string[]>;
}

export interface PeriodicSyncRegistration {
    readonly periodicSync?: PeriodicSyncManager;
}

const PREFIX = "bgsync:";

/** As the browser knows it; tags without the prefix are the application's own. */
export function periodicTag(feed: string): string {
    return PREFIX + feed;
}

export function feedOf(tag: string): string | null {
    return tag.startsWith(PREFIX) ? tag.slice(PREFIX.length) : null;
}

/** Have the browser forget a feed that nobody on this device has registered any more. */
export async function forgetTag(db: Database, periodicSync: PeriodicSyncManager | undefined, feed: string): Promise<void> {
    const all = await db.read((tx) => promised(tx.objectStore("feeds").getAll()));
    if (!all.some(({name, registration}) => name === feed && registration)) await periodicSync?.unregister(periodicTag(feed));
}
