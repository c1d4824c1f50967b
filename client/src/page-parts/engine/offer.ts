import type {Cause, Ending} from "../../shared/context/cause";
import type {FlushLock} from "../../shared/context/lock";
import type {Flusher} from "../../shared/flushing/flusher";

/** Flush unless another context is at it, which then does it once more in our stead: null. */
export async function offer(flusher: Flusher, lock: FlushLock, cause: Cause): Promise<Ending | null> {
    const attempt = () => lock.attempt(() => flusher.drain(cause));
    let ending = await attempt();
    if (!ending) {
        // Marked after the holder's last look, before it lets go? Then the lock is free for us now.
        await flusher.mark(cause.trigger);
        ending = await attempt();
    }
    // Marked after our own last look: the other context has seen the lock taken and relies on us.
    while (ending === "drained" && (await flusher.marked())) ending = await attempt();
    return ending;
}
