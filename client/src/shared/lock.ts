import {changeDevice, readDevice} from "./device";
import type {Runtime} from "./runtime";

const NAME = "bgsync:flush";
/** Renewed while the flush lasts: a single request may take longer, with a token to be asked for first. */
export const LEASE = 45_000;

export const BUSY = Symbol("another context is flushing");

/** The right to flush: one Web Lock for all pages and the worker, a lease in the outbox where there are none. */
export class FlushLock {
    constructor(private readonly runtime: Runtime) {}

    /** Whether holding it proves that every other sender is gone, so that their leases on items are void. */
    get isExclusive(): boolean {
        return this.runtime.locks !== undefined;
    }

    /** Do the work if nobody else is at it. */
    async attempt<T>(work: () => Promise<T>): Promise<T | typeof BUSY> {
        const {locks} = this.runtime;
        if (!locks) return this.underLease(work);
        return locks.request(NAME, {ifAvailable: true}, (lock) => (lock ? work() : Promise.resolve(BUSY)));
    }

    /** Do the work when it is free; rejects with an AbortError when `signal` comes first. */
    async wait<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | typeof BUSY> {
        const {locks} = this.runtime;
        return locks ? locks.request(NAME, {signal}, work) : this.underLease(work);
    }

    /** Whether the right still stands: a frozen tab wakes up to find its lease over and another one flushing. */
    async renew(): Promise<boolean> {
        return this.isExclusive || this.lease(LEASE);
    }

    private async underLease<T>(work: () => Promise<T>): Promise<T | typeof BUSY> {
        if (!(await this.lease(LEASE))) return BUSY;
        const beat = setInterval(() => void this.lease(LEASE).catch(() => undefined), LEASE / 3);
        try {
            return await work();
        } finally {
            clearInterval(beat);
            await this.lease(0);
        }
    }

    private lease(duration: number): Promise<boolean> {
        const {db, instance, now} = this.runtime;
        return db.write(async (tx) => {
            const {by, until} = (await readDevice(tx)).lease;
            if (by !== instance && until > now() && until <= now() + LEASE) return false;
            await changeDevice(tx, {lease: {by: instance, until: now() + duration}});
            return true;
        });
    }
}
