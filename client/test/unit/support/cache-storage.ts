/** As much of Cache Storage as we use; fake-indexeddb has no counterpart of it. */
export class FakeCacheStorage {
    readonly all = new Map<string, FakeCache>();

    async open(name: string): Promise<FakeCache> {
        if (!this.all.has(name)) this.all.set(name, new FakeCache());
        return this.all.get(name)!;
    }

    async has(name: string): Promise<boolean> {
        return this.all.has(name);
    }

    async delete(name: string): Promise<boolean> {
        return this.all.delete(name);
    }

    async keys(): Promise<string[]> {
        return [...this.all.keys()];
    }
}

class FakeCache {
    private readonly pages = new Map<string, Response>();
    isFull = false;

    async put(url: string, response: Response): Promise<void> {
        if (this.isFull) throw new DOMException("", "QuotaExceededError");
        if (response.headers.has("Vary")) throw new TypeError("Vary");
        this.pages.delete(url);
        this.pages.set(url, response);
    }

    async match(url: string): Promise<Response | undefined> {
        return this.pages.get(url)?.clone();
    }

    async keys(): Promise<{url: string}[]> {
        return [...this.pages.keys()].map((url) => ({url}));
    }

    async delete(request: string | {url: string}): Promise<boolean> {
        return this.pages.delete(typeof request === "string" ? request : request.url);
    }
}
