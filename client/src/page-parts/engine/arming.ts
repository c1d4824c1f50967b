import type {SyncManager, WorkerRegistration} from "../../page/registration";
import type {Runtime} from "../../shared/context/runtime";
import {changeDevice, readDevice} from "../../shared/rows/device";
import {inState} from "../../shared/rows/items";
import {isPast} from "../../shared/vocabulary/backoff";
import {nextBrowserTag, PAUSE} from "../../shared/vocabulary/synctags";

const LOOKED_AT = 500;

/** Which browser tags to register, where the browser holds some that have failed or that we know nothing of. */
export class Arming {
    constructor(private readonly runtime: Runtime, private readonly registration: WorkerRegistration) {}

    /** For what is left from before. */
    async rearm(): Promise<void> {
        // The tags of the oldest are enough to be woken by, and then everything is sent.
        const queued = await this.runtime.db.read(async (tx) => inState(tx, (await readDevice(tx)).owner, "queued", LOOKED_AT));
        if (queued.length) await this.arm(new Set(queued.map(({tag}) => tag)));
    }

    async arm(tags: Iterable<string>): Promise<void> {
        const sync = await this.registration.sync();
        if (!sync) return;
        const failed = await this.failedTags(sync);
        const {failed_at} = await this.runtime.db.read(readDevice);
        // Without a network the browser holds the new tag, and fires it when there is one again.
        const mayFollow = !navigator.onLine || isPast(failed_at + PAUSE, this.runtime.now());
        for (const tag of tags) {
            const browserTag = nextBrowserTag(tag, failed, mayFollow);
            if (browserTag) await this.registration.register(sync, browserTag);
        }
    }

    /** Those of our tags that wait after a failed event; what the browser has forgotten is free again. */
    private async failedTags(sync: SyncManager): Promise<string[]> {
        const {failed_tags} = await this.runtime.db.read(readDevice);
        if (!failed_tags.length) return [];
        const pending = await sync.getTags();
        const waiting = failed_tags.filter((tag) => pending.includes(tag));
        if (waiting.length < failed_tags.length) {
            await this.runtime.db.write((tx) => changeDevice(tx, {failed_tags: waiting}));
        }
        return waiting;
    }
}
