import type {Trigger} from "../vocabulary/protocol";

/** Why a flush happens. */
export interface Cause {
    trigger: Trigger;
    /** The browser's tag of a `sync` event. */
    syncTag?: string;
    lastChance?: boolean;
    /** News is wanted even if there is nothing to send. */
    asks?: boolean;
    signal?: AbortSignal;
}

/** Why a flush stopped: nothing more is due, or the server cannot or must not be asked now. */
export type Ending = "drained" | "postponed" | "blocked" | "failed" | "aborted";

/** They obey an item's own backoff; the other triggers mean that something has changed, or that somebody wants it now. */
const PATIENT: ReadonlySet<Trigger> = new Set(["enqueue", "timer"]);

export function isEager({trigger}: Pick<Cause, "trigger">): boolean {
    return !PATIENT.has(trigger);
}
