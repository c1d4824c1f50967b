import {expiry} from "../shared/context/expiry";
import type {Runtime} from "../shared/context/runtime";
import type {Flusher} from "../shared/flushing/flusher";
import {changeDevice, readDevice} from "../shared/rows/device";
import {everyonesInState} from "../shared/rows/items";
import {itemTag} from "../shared/vocabulary/synctags";
import type {SyncEvent} from "./scope";

/** Waiting for the lock and flushing, together: browsers end a sync event after three minutes. */
const BUDGET = 150_000;

export class SyncEvents {
    constructor(private readonly runtime: Runtime, private readonly flusher: Flusher) {}

    /** Resolves when nothing of the tag is left to send. Rejects to be called again: the browser then tries later. */
    async handle({tag, lastChance}: Pick<SyncEvent, "tag" | "lastChance">): Promise<void> {
        const name = itemTag(tag);
        if (name === null) return;
        const cause = {trigger: "sync", syncTag: tag, lastChance, signal: expiry(BUDGET)} as const;
        const ending = (await this.isWaiting(name)) ? await this.flusher.insist(cause) : "drained";
        const left = (await this.isWaiting(name)) || ((await this.runtime.linger?.(name, cause)) ?? false);
        // After the last chance the browser forgets the tag, so that it can be registered anew.
        await this.remember(tag, left && !lastChance);
        if (left) throw new Error(`django-bgsync: items of ${tag} are left (${ending})`);
    }

    /** The page asks to have the flush finished even if it goes away. */
    async flush(): Promise<void> {
        await this.flusher.insist({trigger: "message", signal: expiry(BUDGET)});
    }

    private isWaiting(tag: string): Promise<boolean> {
        return this.runtime.db.read(async (tx) => {
            const items = [...(await everyonesInState(tx, "queued")), ...(await everyonesInState(tx, "sending"))];
            return items.some((item) => item.tag === tag);
        });
    }

    private async remember(tag: string, hasFailed: boolean): Promise<void> {
        await this.runtime.db.write(async (tx) => {
            const {failed_tags} = await readDevice(tx);
            if (!hasFailed && !failed_tags.includes(tag)) return;
            const others = failed_tags.filter((other) => other !== tag);
            await changeDevice(tx, hasFailed ? {failed_tags: [...others, tag], failed_at: this.runtime.now()} : {failed_tags: others});
        });
    }
}
