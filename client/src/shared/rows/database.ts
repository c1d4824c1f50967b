import {openHandle, STORES, type Tx, type WriteTx} from "./schema";

/** Transactions on the outbox, over a handle that may be lost at any time (WebKit drops it, a newer version closes it). */
export class Database {
    /** Is told of each request to open the outbox. */
    protected readonly watch?: (opening: IDBOpenDBRequest) => void;
    private handle: Promise<IDBDatabase> | null = null;

    /** `translated`: what its callers are to catch. */
    constructor(private readonly translated = (error: unknown) => error) {}

    read<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
        return this.use((handle) => work(this.begin(handle, "readonly")));
    }

    /** Resolves when the transaction is complete and, where the browser can, on disk. */
    write<T>(work: (tx: WriteTx) => Promise<T> | T): Promise<T> {
        return this.use((handle) => commit(this.begin(handle, "readwrite"), work));
    }

    protected begin(handle: IDBDatabase, mode: IDBTransactionMode): IDBTransaction {
        return handle.transaction(STORES, mode, {durability: "strict"});
    }

    protected open(): Promise<IDBDatabase> {
        return openHandle(() => (this.handle = null), this.watch);
    }

    private async use<T>(work: (handle: IDBDatabase) => Promise<T>, isLast = false): Promise<T> {
        const handle = (this.handle ??= this.open());
        try {
            return await work(await handle);
        } catch (error) {
            if (this.handle === handle) this.handle = null;
            // What the browser says may be true of this handle only.
            if (isLast || !(error instanceof DOMException)) throw this.translated(error);
        }
        return this.use(work, true);
    }
}

async function commit<T>(tx: IDBTransaction, work: (tx: WriteTx) => Promise<T> | T): Promise<T> {
    const done = new Promise((resolve, reject) => {
        tx.oncomplete = resolve;
        tx.onabort = () => reject(tx.error ?? new DOMException("", "AbortError"));
    });
    done.catch(() => undefined);  // reported below, once
    try {
        const value = await work(tx);
        ended(() => tx.commit());  // sooner than by itself
        await done;
        return value;
    } catch (error) {
        const cause = tx.error ?? error;
        ended(() => tx.abort());
        throw cause;
    }
}

export function ended(end: () => void): void {
    try {
        end();
    } catch {
        // It has ended already.
    }
}
