import {FeedPuller, type PullCause, type PullEnding} from "../../../src/shared/feeds/pull";
import {findFeed, itemsOf, putFeed, type FeedRegistration, type StoredFeed} from "../../../src/shared/rows/feed-rows";
import type {FeedItem, FeedPage} from "../../../src/shared/vocabulary/protocol";
import {FakeContext} from "./device";
import {json, problem, type Call} from "./server";

/** A feed on the server: a log of changes, whose length is the cursor. */
export class FakeFeed {
    readonly log: ({item: FeedItem} | {deleted: string | number})[] = [];
    size = 3;
    cache: string[] = [];
    /** What the next answers say beside. */
    extra: Partial<FeedPage> = {};
    readonly asked: string[] = [];

    constructor(readonly device: FakeContext, readonly name = "news") {
        device.server.feeds = (call) => this.answer(call);
    }

    add(...ids: (string | number)[]): this {
        for (const id of ids) this.log.push({item: {id, text: `number ${id}`}});
        return this;
    }

    remove(...ids: (string | number)[]): this {
        for (const id of ids) this.log.push({deleted: id});
        return this;
    }

    answer({url, headers}: Call): Response {
        this.asked.push(new URL(url).search);
        const {owner} = this.device.server;
        if (owner === null) return problem(401, "not_authenticated");
        if (headers["BGSync-Owner"] !== owner) return problem(409, "wrong_owner", {owner});
        return json(this.page(new URL(url).searchParams.get("cursor")));
    }

    page(cursor: string | null): FeedPage {
        const from = Number(cursor ?? 0);
        const changes = this.log.slice(from, from + this.size);
        return {
            bgsync: 1, feed: this.name, owner: this.device.server.owner!, min_interval: 3_600,
            items: changes.flatMap((change) => "item" in change ? [change.item] : []),
            deleted: changes.flatMap((change) => "deleted" in change ? [change.deleted] : []),
            cursor: String(from + changes.length), more: from + changes.length < this.log.length, reset: cursor === null,
            cache: this.cache, ...this.extra,
        };
    }
}

export function pull(device: FakeContext, cause: Partial<PullCause> = {}, name = "news"): Promise<PullEnding> {
    const recheck = async (signal?: AbortSignal) => (await device.session.run(signal)) !== null;
    return new FeedPuller(device.runtime, recheck).pull(name, {trigger: "manual", ...cause});
}

export function feed(device: FakeContext, owner = "A", name = "news"): Promise<StoredFeed> {
    return device.runtime.db.read((tx) => findFeed(tx, owner, name));
}

export async function change(device: FakeContext, changes: Partial<StoredFeed>, name = "news"): Promise<void> {
    await device.runtime.db.write(async (tx) => putFeed(tx, {...(await findFeed(tx, "A", name)), ...changes}));
}

export const WANTED: FeedRegistration = {min_interval: 3_600_000, network: "any", even_on_save_data: false};

export async function ids(device: FakeContext, owner = "A", name = "news"): Promise<(string | number)[]> {
    const items = await device.runtime.db.read(async (tx) => itemsOf(tx, await findFeed(tx, owner, name)));
    return items.map(({id}) => id);
}
