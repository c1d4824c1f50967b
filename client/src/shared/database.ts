import {translated} from "./errors";
import {openHandle, STORES, type Handle, type Tx, type WriteTx} from "./schema";

/** Transactions on the outbox, over a handle that may be lost at any time (WebKit drops it, a newer version closes it). */
export class Database {
    private handle: Promise<Handle> | null = null;

    read<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
        return this.use((handle) => work(handle.transaction(STORES, "readonly")));
    }

    /** Resolves when the transaction is complete and, where the browser can, on disk. */
    write<T>(work: (tx: WriteTx) => Promise<T> | T): Promise<T> {
        return this.use((handle) => commit(handle.transaction(STORES, "readwrite", {durability: "strict"}), work));
    }

    async close(): Promise<void> {
        const handle = this.handle;
        this.handle = null;
        (await handle)?.close();
    }

    private async use<T>(work: (handle: Handle) => Promise<T>): Promise<T> {
        try {
            return await this.once(work);
        } catch (error) {
            if (!isLostHandle(error)) throw translated(error);
        }
        this.handle = null;
        return this.once(work).catch((error: unknown) => {
            this.handle = null;
            throw translated(error);
        });
    }

    private async once<T>(work: (handle: Handle) => Promise<T>): Promise<T> {
        return work(await (this.handle ??= this.open()));
    }

    private open(): Promise<Handle> {
        const opening = openHandle(() => {
            if (this.handle === opening) this.handle = null;
        });
        return opening;
    }
}

async function commit<T>(tx: WriteTx, work: (tx: WriteTx) => Promise<T> | T): Promise<T> {
    tx.done.catch(() => undefined);  // reported below, once
    try {
        const value = await work(tx);
        ended(() => tx.commit());  // sooner than by itself
        await tx.done;
        return value;
    } catch (error) {
        const cause = tx.error ?? error;
        ended(() => tx.abort());
        throw cause;
    }
}

function ended(end: () => void): void {
    try {
        end();
    } catch {
        // It has ended already.
    }
}

function isLostHandle(error: unknown): boolean {
    return error instanceof DOMException && ["InvalidStateError", "UnknownError", "AbortError"].includes(error.name);
}
