import type {Runtime} from "../context/runtime";

/** Pages that the server has told this device to keep, in Cache Storage: a cache for each owner. */
const PREFIX = "bgsync:pages:";
/** For each owner; the ones kept first go first. */
export const MAX_PAGES = 200;

type Fetching = Pick<Runtime, "config" | "fetch" | "timeout">;

/** Fetch these paths of our origin as this owner and keep what answers 200. Resolves with those worth another try: nobody answered. */
export async function keepPages(runtime: Fetching, owner: string, paths: readonly string[], signal?: AbortSignal): Promise<string[]> {
    if (!storage()) return [];
    const cache = await caches.open(PREFIX + owner);
    const missed: string[] = [];
    // One after another: what was cut off starts again with the first that is missing.
    for (const path of paths) {
        const url = pageUrl(runtime, path);
        if (url && !(await keep(runtime, cache, url, signal))) missed.push(path);
    }
    const kept = await cache.keys();
    for (const request of kept.slice(0, Math.max(0, kept.length - MAX_PAGES))) await cache.delete(request);
    return missed;
}

/** The page of this address that was kept for the owner. */
export async function keptPage(owner: string, url: string): Promise<Response | undefined> {
    // Not by `Vary`: it was not fetched as a navigation.
    return (await storage()?.has(PREFIX + owner)) ? (await caches.open(PREFIX + owner)).match(url, {ignoreVary: true}) : undefined;
}

export async function dropPages({config}: Pick<Runtime, "config">, owner: string, paths: readonly string[]): Promise<void> {
    const cache = await storage()?.open(PREFIX + owner);
    for (const path of paths) {
        const url = pageUrl({config}, path);
        if (url) await cache?.delete(url);
    }
}

export async function forgetPages(owner: string): Promise<void> {
    await storage()?.delete(PREFIX + owner);
}

/** Not on insecure origins, and not everywhere else. */
function storage(): CacheStorage | undefined {
    return (globalThis as {caches?: CacheStorage}).caches;
}

/** The absolute URL of a path of this origin; null for what is none. */
function pageUrl({config}: Pick<Runtime, "config">, path: string): string | null {
    try {
        const url = new URL(path, config.base);
        url.hash = "";
        return path.startsWith("/") && url.origin === new URL(config.base).origin ? url.href : null;
    } catch {
        return null;
    }
}

/** False if nobody answered, so that it is worth another try. */
async function keep({fetch, timeout}: Fetching, cache: Cache, url: string, signal?: AbortSignal): Promise<boolean> {
    const limit = new AbortController();
    const giveUp = () => limit.abort();
    const timer = setTimeout(giveUp, timeout);
    signal?.addEventListener("abort", giveUp);
    try {
        signal?.throwIfAborted();
        // A redirect leads to a login page more often than not.
        const response = await fetch(url, {cache: "no-store", credentials: "same-origin", redirect: "manual", signal: limit.signal});
        if (response.status >= 500 || response.status === 429) return false;
        if (response.status !== 200) return true;
        const body = await response.arrayBuffer();  // all of it, or nothing
        await cache.put(url, new Response(body, {headers: kept(response.headers)})).catch(() => undefined);
        return true;
    } catch {
        return false;
    } finally {
        clearTimeout(timer);
        signal?.removeEventListener("abort", giveUp);
    }
}

function kept(headers: Headers): Headers {
    const all = new Headers(headers);
    all.delete("Vary");  // `*` may not be put into a cache
    // The body has been unpacked.
    all.delete("Content-Encoding");
    all.delete("Content-Length");
    return all;
}
