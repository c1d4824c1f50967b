type Work = (lock: Lock | null) => Promise<unknown>;

interface Options {
    ifAvailable?: boolean;
    signal?: AbortSignal;
}

/**
 * As much of the Web Locks API as exclusive locks need; several contexts share it as pages and the worker do. Whoever stands
 * in line is forgotten there and keeps the lock from everybody, as it may happen in Chromium.
 */
export class FakeLocks {
    private readonly taken = new Set<string>();
    private readonly line: string[] = [];

    async request(name: string, {ifAvailable, signal}: Options, work: Work): Promise<unknown> {
        const isFree = !this.taken.has(name) && !this.line.includes(name);
        if (!isFree) return ifAvailable ? work(null) : this.standInLine(name, signal);
        this.taken.add(name);
        try {
            return await work({name, mode: "exclusive"});
        } finally {
            this.taken.delete(name);
        }
    }

    asLockManager(): LockManager {
        return this as unknown as LockManager;
    }

    private standInLine(name: string, signal: AbortSignal | undefined): Promise<never> {
        this.line.push(name);
        return new Promise((_, reject) => signal?.addEventListener("abort", () => {
            this.line.splice(this.line.indexOf(name), 1);
            reject(signal.reason as Error);
        }));
    }
}
