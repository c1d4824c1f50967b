import {exchange} from "../context/exchange";
import {inLine} from "../context/lock";
import type {Runtime} from "../context/runtime";
import {forgetPages, keepPages} from "../pages/caches";
import {changeDevice, readDevice} from "../rows/device";
import {findFeed, makeRoom, putFeed, storePage, type StoredFeed} from "../rows/feed-rows";
import type {WriteTx} from "../rows/schema";
import {isPast, postponed} from "../vocabulary/backoff";
import type {FeedPage, Trigger} from "../vocabulary/protocol";
import {judgePage, type FeedAnswer} from "./answers";

/** How a pull ended: with something new, with nothing new, or with what keeps it from being made. */
export type PullEnding = "updated" | "unchanged" | "unreachable" | "blocked" | "unknown";

export interface PullCause {
    trigger: Trigger;
    signal?: AbortSignal;
    /** Asked when it is this pull's turn: another context may have pulled meanwhile. */
    isWanted?: (feed: StoredFeed) => boolean;
}

type Recheck = (signal?: AbortSignal) => Promise<boolean>;

/** A feed that says for ever that there is more is left for the next time. */
const MOST_PAGES = 200;

/** Brings a feed of the present owner up to date, page by page; what has come is stored before the next page is asked for. */
export class FeedPuller {
    /** `recheck` asks anew whose session it is, and says whether that could be asked. */
    constructor(private readonly runtime: Runtime, private readonly recheck: Recheck) {}

    /** Rejects with a BgsyncError where the device cannot keep it. */
    async pull(name: string, cause: PullCause): Promise<PullEnding> {
        const {locks} = this.runtime;
        const run = () => new Pull(this.runtime, this.recheck, name, cause).run();
        if (!locks) return run();
        return (await inLine(locks, `bgsync:feed:${name}`, run, cause.signal)) ?? "unreachable";
    }
}

class Pull {
    private owner = "";
    private readonly startedAt: number;
    private hasNews = false;
    private hasRestarted = false;

    constructor(
        private readonly runtime: Runtime, private readonly recheck: Recheck,
        private readonly name: string, private readonly cause: PullCause,
    ) {
        this.startedAt = runtime.now();
    }

    async run(): Promise<PullEnding> {
        const {db, now} = this.runtime;
        const {owner, isRevoked} = await db.read(readDevice);
        if (!owner || isRevoked) return "blocked";
        this.owner = owner;
        const feed = await db.read((tx) => findFeed(tx, owner, this.name));
        if (this.cause.isWanted?.(feed) === false) return "unchanged";
        if (!isPast(feed.not_before, now())) return "unreachable";
        const ending = await this.pages(feed);
        if (this.hasNews || ending === "unchanged") this.runtime.announce({type: "feed", name: this.name});
        return this.hasNews && ending === "unchanged" ? "updated" : ending;
    }

    private async pages(feed: StoredFeed): Promise<PullEnding> {
        for (let asked = 0; asked < MOST_PAGES; asked += 1) {
            const answer = await this.ask(feed);
            if (answer.kind === "restart" && !this.hasRestarted) {
                this.hasRestarted = true;
                feed = await this.change((tx, row) => putFeed(tx, {...row, cursor: null}));
            } else if (answer.kind !== "page") {
                return this.miss(answer);
            } else {
                const stored = await this.keep(feed.cursor, answer.page);
                if (!stored) return (await this.isOwners()) ? "unchanged" : "blocked";
                if (!stored.is_partial) return this.settle(stored);
                feed = stored;
            }
        }
        return "unreachable";
    }

    private async ask({cursor, registration}: StoredFeed): Promise<FeedAnswer> {
        const {signal, trigger} = this.cause;
        const query = cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`;
        const wanted = registration ? `;min-interval=${Math.round(registration.min_interval / 1_000)}` : "";
        const path = `v1/feeds/${encodeURIComponent(this.name)}/${query}`;
        const headers = {"BGSync-Owner": this.owner};
        const reply = await exchange(this.runtime, path, {headers}, signal, 0, `;trigger=${trigger}${wanted}`);
        return judgePage(reply, this.name, this.runtime.now());
    }

    /** Null if it must not be stored: the owner has changed, or another context has stored this page and goes on. */
    private async keep(asked: string | null, page: FeedPage): Promise<StoredFeed | null> {
        const store = () => this.runtime.db.write(async (tx) => {
            const feed = await findFeed(tx, this.owner, this.name);
            const {owner} = await readDevice(tx);
            if (owner !== this.owner || page.owner !== owner || feed.cursor !== asked) return null;
            const stored = await storePage(tx, feed, page);
            await makeRoom(tx, stored);
            return stored;
        });
        const stored = await store().catch(async (error: unknown) => {
            if ((error as Error).name !== "QuotaExceededError" || !(await this.dropOthers())) throw error;
            return store();
        });
        if (stored && (page.items.length || page.deleted.length || page.cache.length)) this.hasNews = true;
        return stored;
    }

    private dropOthers(): Promise<boolean> {
        return this.runtime.db.write(async (tx) => makeRoom(tx, await findFeed(tx, this.owner, this.name), 0));
    }

    /** Everything has come. The pages of the site belong to it. */
    private async settle({paths}: StoredFeed): Promise<PullEnding> {
        const missed = paths.length ? await this.keepPages(paths) : [];
        if (!missed) return "blocked";
        const done = {pulled_at: this.startedAt, paths: missed};
        await this.change((tx, row) => {
            const next = missed.length ? this.postponed(row) : {...row, failures: 0, next_try: 0};
            return putFeed(tx, {...next, ...done});
        });
        return "unchanged";
    }

    /** Null if they may be somebody else's: the session has changed while they were fetched. */
    private async keepPages(paths: string[]): Promise<string[] | null> {
        const {signal} = this.cause;
        const missed = await keepPages(this.runtime, this.owner, paths, signal);
        const isSure = missed.length === paths.length || (await this.recheck(signal));
        if (await this.isOwners()) return isSure ? missed : paths;
        await forgetPages(this.owner);
        return null;
    }

    private async isOwners(): Promise<boolean> {
        return (await this.runtime.db.read(readDevice)).owner === this.owner;
    }

    private async miss(answer: Exclude<FeedAnswer, {kind: "page"}>): Promise<PullEnding> {
        const {now} = this.runtime;
        switch (answer.kind) {
            case "aborted":
                return "unreachable";
            case "unknown":
                await this.change((tx, row) => putFeed(tx, {...row, registration: null}));
                return "unknown";
            case "blocked":
                if (answer.isRevoked) await this.runtime.db.write((tx) => changeDevice(tx, {isRevoked: true}));
                await this.change((tx, row) => putFeed(tx, this.postponed(row)));
                return "blocked";
            default: {
                const delay = answer.kind === "unreachable" ? answer.delay : null;
                const rest = delay === null ? {} : {not_before: now() + delay};
                await this.change((tx, row) => putFeed(tx, {...this.postponed(row), ...rest}));
                return "unreachable";
            }
        }
    }

    private postponed(row: StoredFeed): StoredFeed {
        const {now, random} = this.runtime;
        return postponed(row, {now: now(), random});
    }

    /** The owner may have left meanwhile, and nothing of theirs must come back. */
    private change(change: (tx: WriteTx, feed: StoredFeed) => StoredFeed): Promise<StoredFeed> {
        return this.runtime.db.write(async (tx) => {
            const feed = await findFeed(tx, this.owner, this.name);
            return (await readDevice(tx)).owner === this.owner ? change(tx, feed) : feed;
        });
    }
}
