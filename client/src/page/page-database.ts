import {Database, ended} from "../shared/rows/database";
import {translated} from "../shared/vocabulary/errors";

/** Where for so long no transaction ends, or the outbox does not open, the browser is asked anew, once. */
const PATIENCE = 15_000;
/** Where it takes so long to open, it may be waiting for a page that the browser has stopped in the middle of that. */
const SUSPICIOUS = 500;

/** A page's: the browser may stop the page, and go on with it later. */
export class PageDatabase extends Database {
    private readonly running = new Set<IDBTransaction>();
    private current: IDBDatabase | undefined;
    private opening: IDBOpenDBRequest | undefined;
    private stopped: Promise<unknown> | undefined;
    /** When the latest transaction ended, or began where there was none. */
    private movedAt = 0;
    private timer: ReturnType<typeof setTimeout> | undefined;

    /** `freePages` has the browser let go of pages that it keeps and that were not at rest. */
    constructor(private readonly freePages: () => void) {
        super(translated);
    }

    /**
     * What is not committed starts afresh when the page is shown again. WebKit would keep the page with its transactions
     * open, Chromium with the one in which the outbox is made, and every other page would wait for them
     * (jakearchibald/idb-keyval#180). Returns whether the page is at rest: what was only asked to open cannot be called off.
     */
    stop(): boolean {
        this.stopped = new Promise((resume) => addEventListener("pageshow", resume, {once: true}));
        this.abort();
        ended(() => this.opening?.transaction?.abort());
        this.current?.close();
        return this.opening?.readyState !== "pending";
    }

    protected override readonly watch = (opening: IDBOpenDBRequest): void => {
        this.opening = opening;
        setTimeout(() => opening.readyState === "pending" && this.freePages(), SUSPICIOUS);
    };

    protected override async open(): Promise<IDBDatabase> {
        await this.stopped;
        const late = new Promise<never>((_, reject) => setTimeout(() => reject(new DOMException("no answer", "AbortError")), PATIENCE));
        return (this.current = await Promise.race([super.open(), late]));
    }

    protected override begin(handle: IDBDatabase, mode: IDBTransactionMode): IDBTransaction {
        const tx = super.begin(handle, mode);
        if (!this.running.size) this.movedAt = performance.now();
        this.running.add(tx);
        this.timer ??= setTimeout(() => this.look(), PATIENCE);
        const end = () => {
            this.running.delete(tx);
            this.movedAt = performance.now();
        };
        for (const type of ["complete", "abort"]) tx.addEventListener(type, end);
        return tx;
    }

    /**
     * A transaction may wait for others, but not where none of them ends: whoever holds them up may do so for ever. One timer
     * for many of them: to set one is what took longest here.
     */
    private look(): void {
        this.timer = undefined;
        const left = this.movedAt + PATIENCE - performance.now();
        if (left <= 0) this.abort();
        else if (this.running.size) this.timer = setTimeout(() => this.look(), left);
    }

    private abort(): void {
        for (const tx of this.running) ended(() => tx.abort());
    }
}
