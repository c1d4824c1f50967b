import type {Ending} from "../../shared/context/cause";
import {LEASE, webLock, type FlushLock} from "../../shared/context/lock";
import type {Runtime} from "../../shared/context/runtime";
import {ended} from "../../shared/rows/database";
import {changeDevice, readDevice} from "../../shared/rows/device";

/** In localStorage: who has gone away in the middle of its flush. A page that goes can write nowhere else in time. */
const GONE = "bgsync:gone";

/** The Web Lock, or a lease in the outbox on an insecure origin: there are none there, and no worker. */
export function pageLock(runtime: Runtime): FlushLock {
    return runtime.locks ? webLock(runtime.locks) : new FlushLease(runtime);
}

/** Renewed while the flush lasts: a single request may take longer, with a token to be asked for first. */
class FlushLease {
    readonly isExclusive = false;

    constructor(private readonly runtime: Runtime) {}

    async attempt(work: () => Promise<Ending>): Promise<Ending | null> {
        const leave = () => sayGone(this.runtime.instance);
        // From before it is taken until it is given back: a page may be left at any moment of these.
        addEventListener("pagehide", leave);
        try {
            if (!(await this.lease(LEASE))) return null;
            const beat = setInterval(() => void this.renew().catch(() => undefined), LEASE / 3);
            try {
                return await work();
            } finally {
                clearInterval(beat);
                await this.lease(0);
            }
        } finally {
            removeEventListener("pagehide", leave);
        }
    }

    /** Not at all: nobody says when the lease of another page is over. */
    async wait(work: () => Promise<Ending>): Promise<Ending> {
        return (await this.attempt(work)) ?? "postponed";
    }

    /** A frozen tab wakes up to find its lease over and another one flushing. */
    renew(): Promise<boolean> {
        return this.lease(LEASE);
    }

    private lease(duration: number): Promise<boolean> {
        const {db, instance, now} = this.runtime;
        return db.write(async (tx) => {
            const {by, until} = (await readDevice(tx)).lease;
            if (by !== instance && by !== gone() && until > now() && until <= now() + LEASE) return false;
            sayGone("");  // whoever that was; or this page, which has come back
            await changeDevice(tx, {lease: {by: instance, until: now() + duration}});
            return true;
        });
    }
}

function sayGone(instance: string): void {
    ended(() => localStorage.setItem(GONE, instance));
}

/** Null also where the browser refuses to tell: then the lease has to run out. */
function gone(): string | null {
    try {
        return localStorage.getItem(GONE);
    } catch {
        return null;
    }
}
