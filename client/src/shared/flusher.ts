import type {Cause} from "./delivery";
import {changeDevice, readDevice} from "./device";
import {Flush, type Ending} from "./flush";
import {BUSY, FlushLock} from "./lock";
import type {Trigger} from "./protocol";
import type {Runtime} from "./runtime";
import type {SessionCheck} from "./session";

/** Whoever has the lock flushes; nobody leads. */
export class Flusher {
    private readonly lock: FlushLock;
    private flushes = 0;

    constructor(private readonly runtime: Runtime, private readonly session: SessionCheck) {
        this.lock = new FlushLock(runtime);
    }

    /** Flush unless another context is at it, which then does it once more in our stead. */
    async offer(cause: Cause): Promise<Ending | typeof BUSY> {
        let ending = await this.lock.attempt(() => this.drain(cause));
        if (ending === BUSY) {
            // Marked after the holder's last look, before it lets go? Then the lock is free for us now.
            await this.mark(cause.trigger);
            ending = await this.lock.attempt(() => this.drain(cause));
        }
        // Marked after our own last look: the other context has seen the lock taken and relies on us.
        while (ending === "drained" && (await this.marked())) ending = await this.lock.attempt(() => this.drain(cause));
        return ending;
    }

    /** Wait for the lock, for as long as the cause's signal allows, then flush. */
    async insist(cause: Cause & {signal: AbortSignal}): Promise<Ending> {
        try {
            const ending = await this.lock.wait(() => this.drain(cause), cause.signal);
            return ending === BUSY ? "postponed" : ending;
        } catch (error) {
            if (cause.signal.aborted) return "aborted";
            throw error;
        }
    }

    private async drain(cause: Cause): Promise<Ending> {
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

    private async marked(): Promise<Trigger | null> {
        return (await this.runtime.db.read(readDevice)).dirty;
    }

    private async mark(dirty: Trigger | null): Promise<void> {
        await this.runtime.db.write(async (tx) => {
            if ((await readDevice(tx)).dirty !== dirty) await changeDevice(tx, {dirty});
        });
    }
}
