import type {Ending} from "./cause";
import {expiry} from "./expiry";

const LOCK = "bgsync:flush";
/** Of what is being sent, and of the right to send where there are no Web Locks: a single request may take longer. */
export const LEASE = 45_000;
/** Milliseconds that somebody stands in line before it goes back to the end of it. */
const TURN = 2_000;

/** The right to flush, of one page or worker at a time. */
export interface FlushLock {
    /** Whether holding it proves that every other sender is gone, so that their leases on items are void. */
    isExclusive: boolean;
    /** Do the work if nobody else is at it; null if somebody is. */
    attempt: (work: () => Promise<Ending>) => Promise<Ending | null>;
    /** Do the work when it is free; null if it is not before `signal` comes. */
    wait: (work: () => Promise<Ending>, signal: AbortSignal) => Promise<Ending | null>;
    /** Whether the right still stands. */
    renew: () => Promise<boolean>;
}

/**
 * Do the work under a Web Lock when it is free; null if it is not before `signal` comes. Chromium (156) may forget who stands
 * in line when a page that holds the lock goes away, and then gives it to nobody: hence anew after a while.
 */
export async function inLine<T>(locks: LockManager, name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T | null> {
    let isMine = false;
    const begin = () => {
        isMine = true;
        return work();
    };
    while (!signal?.aborted) {
        const turn = expiry(TURN);
        try {
            return await locks.request(name, {signal: turn}, begin);
        } catch (error) {
            if (isMine || !turn.aborted) throw error;
        }
    }
    return null;
}

/** One Web Lock for all pages and the worker. Every worker has them; pages do on secure origins. */
export function webLock(locks: LockManager): FlushLock {
    return {
        isExclusive: true,
        attempt: (work) => locks.request(LOCK, {ifAvailable: true}, (lock) => lock && work()),
        wait: (work, signal) => inLine(locks, LOCK, work, signal),
        renew: async () => true,
    };
}
