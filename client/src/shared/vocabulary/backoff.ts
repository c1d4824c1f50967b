const BASE = 5_000;
const CAP = 15 * 60_000;
const FLOOR = 1_000;
/** The longest wait that there is. */
const RETRY_AFTER_CAP = 24 * 3_600_000;

export interface Moment {
    now: number;
    random: () => number;
}

interface Patience {
    failures: number;
    next_try: number;
}

/**
 * After one more failure. Tries out of turn (a sync event, the user) do not prolong a wait that is still on: else the
 * browser's own retries would push the page's ever further away.
 */
export function postponed<T extends Patience>(waiting: T, {now, random}: Moment): T {
    if (!isPast(waiting.next_try, now)) return waiting;
    const failures = waiting.failures + 1;
    return {...waiting, failures, next_try: now + backoff(failures, random)};
}

/** Milliseconds until try number `failures` + 1: full jitter, so that clients that failed together do not return together. */
export function backoff(failures: number, random: () => number): number {
    const ceiling = Math.min(CAP, BASE * 2 ** Math.max(0, failures - 1));
    return Math.max(FLOOR, Math.round(random() * ceiling));
}

/** Milliseconds to wait for a `Retry-After` header (RFC 9110 10.2.3: seconds or an HTTP-date), null for none or garbage. */
export function retryAfter(header: string | null, now: number): number | null {
    if (header === null) return null;
    const value = header.trim();
    if (/^\d+$/.test(value)) return clamped(Number(value));
    const date = /[a-z]/i.test(value) ? Date.parse(value) : NaN;
    return Number.isNaN(date) ? null : clamped((date - now) / 1000);
}

/** Seconds a server asked for, as milliseconds between one second and a day. */
export function clamped(seconds: number): number {
    return Math.min(RETRY_AFTER_CAP, Math.max(FLOOR, seconds * 1000 || 0));
}

/** Milliseconds until the next question about accepted items: 1, 2, 4 … 60 s. */
export function askDelay(asked: number): number {
    return Math.min(60_000, 1_000 * 2 ** asked);
}

/** Whether an instant has come. One further away than any wait means that the device's clock was set back. */
export function isPast(instant: number, now: number): boolean {
    return instant <= now || instant > now + RETRY_AFTER_CAP;
}
