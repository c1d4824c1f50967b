import {changeDevice, readDevice} from "../shared/device";
import {expiry} from "../shared/expiry";
import type {Flusher} from "../shared/flusher";
import type {Runtime} from "../shared/runtime";
import {itemTag} from "../shared/synctags";
import type {SyncEvent} from "./scope";

/** Waiting for the lock and flushing, together: browsers end a sync event after three minutes. */
const BUDGET = 150_000;

export class SyncEvents {
    constructor(private readonly runtime: Runtime, private readonly flusher: Flusher) {}

    /** Resolves when nothing of the tag is left to send. Rejects to be called again: the browser then tries later. */
    async handle({tag, lastChance}: Pick<SyncEvent, "tag" | "lastChance">): Promise<void> {
        const name = itemTag(tag);
        if (name === null || !(await this.isWaiting(name))) return this.remember(tag, false);
        const signal = expiry(BUDGET);
        const ending = await this.flusher.insist({trigger: "sync", syncTag: tag, lastChance, signal});
        const left = await this.isWaiting(name);
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
            const byState = tx.objectStore("items").index("state");
            const items = [...(await byState.getAll("queued")), ...(await byState.getAll("sending"))];
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
