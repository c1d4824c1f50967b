import type {Cause, Ending} from "../context/cause";
import type {FlushLock} from "../context/lock";
import type {Runtime} from "../context/runtime";
import type {SessionCheck} from "../context/session";
import {changeDevice, readDevice} from "../rows/device";
import type {Trigger} from "../vocabulary/protocol";
import {Flush} from "./flush";

/** Whoever has the lock flushes; nobody leads. */
export class Flusher {
    private flushes = 0;

    constructor(private readonly runtime: Runtime, private readonly session: SessionCheck, private readonly lock: FlushLock) {}

    /** Wait for the lock, for as long as the cause's signal allows, then flush. */
    async insist(cause: Cause & {signal: AbortSignal}): Promise<Ending> {
        return (await this.lock.wait(() => this.drain(cause), cause.signal)) ?? "aborted";
    }

    /** Flush, and once more whenever somebody has wanted it meanwhile. Its caller holds the lock. */
    async drain(cause: Cause): Promise<Ending> {
        let next: Cause = cause;
        for (;;) {
            await this.mark(null);
            const ending = await new Flush(this.runtime, this.session, this.lock, next, this.flushes++).run();
            const trigger = await this.marked();
            if (!trigger || ending !== "drained") return ending;
            // A worker's event stays what it is: it is eager anyway.
            if (!cause.signal) next = {trigger};
        }
    }

    /** Why somebody has wanted a flush since the last one began. */
    async marked(): Promise<Trigger | null> {
        return (await this.runtime.db.read(readDevice)).dirty;
    }

    /** Have whoever flushes do it once more. */
    async mark(dirty: Trigger | null): Promise<void> {
        await this.runtime.db.write(async (tx) => {
            if ((await readDevice(tx)).dirty !== dirty) await changeDevice(tx, {dirty});
        });
    }
}
