import {expiry} from "../../shared/context/expiry";
import {isDue, isPermitted} from "../../shared/feeds/conditions";
import {feedOf, forgetTag} from "../../shared/feeds/periodic-tags";
import {FeedPuller} from "../../shared/feeds/pull";
import {readDevice} from "../../shared/rows/device";
import {findFeed, type StoredFeed} from "../../shared/rows/feed-rows";
import type {WorkerCore} from "../../worker/core";

/** Flushing and pulling together: browsers end an event after three minutes. */
const BUDGET = 150_000;

/** And so long for news of the worker: with no page open Chromium may put off asking for it by minutes. */
const UPDATE_PATIENCE = 5_000;

/** `periodicsync` events: rare, so everything that can be done in one is done. */
export class PeriodicEvents {
    private readonly puller: FeedPuller;

    constructor(private readonly core: WorkerCore) {
        this.puller = new FeedPuller(core.runtime, async (signal) => (await core.session.run(signal)) !== null);
    }

    /** Rejects if the server could not be reached: the browser then tries again within the hour. */
    async handle(tag: string): Promise<void> {
        const {scope, flusher} = this.core;
        const name = feedOf(tag);
        if (name === null) return;
        const signal = expiry(BUDGET);
        // A site that is never visited would stay with the worker of its last visit.
        const updating = scope.registration.update().catch(() => undefined);
        await flusher.insist({trigger: "periodicsync", signal});
        const ending = await this.pull(name, signal);
        await Promise.race([updating, pause(UPDATE_PATIENCE)]);
        if (ending === "unreachable") throw new Error(`django-bgsync: the feed ${name} could not be pulled`);
    }

    private async pull(name: string, signal: AbortSignal) {
        const {runtime: {db, now}, scope} = this.core;
        const isWanted = (feed: StoredFeed) => isDue(feed, now(), "periodicsync") && isPermitted(feed.registration!);
        const feed = await db.read(async (tx) => findFeed(tx, (await readDevice(tx)).owner, name));
        const ending = await this.puller.pull(name, {trigger: "periodicsync", signal, isWanted});
        if (!feed.registration || ending === "unknown") await forgetTag(db, scope.registration.periodicSync, name);
        return ending;
    }
}

function pause(milliseconds: number): Promise<void> {
    return new Promise((resume) => setTimeout(resume, milliseconds));
}
