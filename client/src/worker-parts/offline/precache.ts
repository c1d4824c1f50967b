import type {Runtime} from "../../shared/context/runtime";
import type {PrecacheConfig} from "../../worker/core";

const PREFIX = "bgsync:precache:";

/** What the site wants to have on the device: the same for everybody, so it is fetched without credentials. */
export class Precache {
    private readonly urls: ReadonlySet<string>;
    readonly offline: string | null;
    private readonly name: string;

    constructor({config}: Pick<Runtime, "config">, {version, urls, offline}: PrecacheConfig) {
        const absolute = (url: string) => new URL(url, config.base).href;
        this.urls = new Set(urls.map(absolute));
        this.offline = offline && absolute(offline);
        this.name = PREFIX + version;
    }

    /** Never rejects: an install that fails would keep the worker of before, with all its faults, for the sake of one file. */
    async fill(): Promise<void> {
        if (this.urls.size) await Promise.all([...this.urls].map((url) => this.add(url).catch(() => undefined)));
    }

    /** Once more, where it was missing: what a server of another release did not have may be there now. */
    async mend(...urls: string[]): Promise<void> {
        const cache = await this.cache();
        for (const url of urls.length ? urls : this.urls) if (!(await cache.match(url))) await this.add(url);
    }

    has({url, method}: Request): boolean {
        return method === "GET" && this.urls.has(url);
    }

    async match(url: string): Promise<Response | undefined> {
        // What is only in the cache of before is better than nothing.
        return this.urls.has(url) ? (await (await this.cache()).match(url)) ?? this.former(url) : undefined;
    }

    async dropOthers(): Promise<void> {
        const names = await this.others();
        await Promise.all(names.map((name) => caches.delete(name)));
    }

    private async add(url: string): Promise<void> {
        const response = await fetch(url, {cache: "no-cache", credentials: "omit"}).catch(() => undefined);
        // One that leads elsewhere, to a login page most likely, is not what was asked for.
        const isGood = response?.ok && !response.redirected;
        const found = isGood ? response : await this.former(url);
        if (found) await (await this.cache()).put(url, found);
    }

    private async former(url: string): Promise<Response | undefined> {
        for (const name of await this.others()) {
            const found = await (await caches.open(name)).match(url);
            if (found) return found;
        }
        return undefined;
    }

    private async others(): Promise<string[]> {
        return (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== this.name);
    }

    private cache(): Promise<Cache> {
        return caches.open(this.name);
    }
}
