/** Sync tags as the browser knows them: `bgsync:<tag>`, and `#2`, `#3` while earlier ones wait after a failed event. */

export const PREFIX = "bgsync:";
const MOST = 3;
/** Milliseconds. One more event within the same outage would only fail beside the others. */
export const PAUSE = 60_000;

/** Our tag in a browser tag; null for one that belongs to the application. */
export function itemTag(browserTag: string): string | null {
    return browserTag.startsWith(PREFIX) ? browserTag.slice(PREFIX.length).replace(/#\d+$/, "") : null;
}

/**
 * The browser tag to register for `tag`, null when all of them wait already, or one does and the next is not to follow yet. Chromium ignores a re-registration of a
 * tag that waits for its next try, five or fifteen minutes away, and fires a new one at once.
 */
export function nextBrowserTag(tag: string, failed: readonly string[], mayFollow = true): string | null {
    const tags = Array.from({length: MOST}, (_, i) => PREFIX + tag + (i ? `#${i + 1}` : ""));
    const next = tags.find((candidate) => !failed.includes(candidate)) ?? null;
    return mayFollow || next === tags[0] ? next : null;
}
