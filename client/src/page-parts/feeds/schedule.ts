import {attempt} from "../../shared/context/attempts";
import type {Runtime} from "../../shared/context/runtime";
import {dueAt, isDue, isPermitted} from "../../shared/feeds/conditions";
import type {FeedPuller} from "../../shared/feeds/pull";
import {feedsOf, type StoredFeed} from "../../shared/rows/feed-rows";
import type {Trigger} from "../../shared/vocabulary/protocol";
import type {Ownership} from "./ownership";

const SOONEST = 1_000;
const LATEST = 3_600_000;

/** Pulls what is due while a page is open: where there is no periodic sync this is all there is. */
export class FeedSchedule {
    private timer: ReturnType<typeof setTimeout> | undefined;
    private turn: Promise<void> = Promise.resolve();

    constructor(
        private readonly runtime: Runtime, private readonly ownership: Ownership, private readonly puller: FeedPuller,
    ) {}

    start(): void {
        addEventListener("online", () => this.resume("online"));
        document.addEventListener("visibilitychange", () => {
            if (document.visibilityState === "visible") this.resume("visible");
        });
        this.resume("load");
    }

    /** Resolves when everything that was due has been tried. */
    resume(trigger: Trigger): Promise<void> {
        this.turn = this.turn.then(() => attempt(() => this.run(trigger)));
        return this.turn;
    }

    private async run(trigger: Trigger): Promise<void> {
        clearTimeout(this.timer);
        const {now} = this.runtime;
        const isWanted = (feed: StoredFeed) => isDue(feed, now(), trigger) && isPermitted(feed.registration!);
        for (const {name} of (await this.registered()).filter(isWanted)) {
            await attempt(() => this.puller.pull(name, {trigger, isWanted}));
        }
        this.schedule(await this.registered());
    }

    private async registered(): Promise<StoredFeed[]> {
        const owner = await this.ownership.confirm();
        const feeds = await this.runtime.db.read((tx) => feedsOf(tx, owner));
        return feeds.filter(({registration}) => registration);
    }

    private schedule(feeds: StoredFeed[]): void {
        const at = Math.min(...feeds.map(dueAt));
        if (at === Infinity) return;
        const wait = Math.min(LATEST, Math.max(SOONEST, at - this.runtime.now()));
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.resume("timer"), wait);
    }
}
