type Work = (lock: Lock | null) => Promise<unknown>;

/** As much of the Web Locks API as one exclusive lock needs; several contexts share it as pages and the worker do. */
export class FakeLocks {
    private tail: Promise<unknown> = Promise.resolve();
    private holders = 0;

    request(_name: string, options: {ifAvailable?: boolean; signal?: AbortSignal}, work: Work): Promise<unknown> {
        if (options.ifAvailable && this.holders > 0) return work(null);
        this.holders += 1;
        const turn = Promise.race([this.tail, aborted(options.signal)]);
        const done = turn.then(() => work({} as Lock)).finally(() => (this.holders -= 1));
        this.tail = done.catch(() => undefined);
        return done;
    }

    asLockManager(): LockManager {
        return this as unknown as LockManager;
    }
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
    return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error)));
}
