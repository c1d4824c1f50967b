import {Database} from "../../../src/shared/rows/database";
import {readDevice, type Device} from "../../../src/shared/rows/device";
import {offer} from "../../../src/page-parts/engine/offer";
import {pageLock} from "../../../src/page-parts/engine/page-lock";
import type {Cause} from "../../../src/shared/context/cause";
import {Flusher} from "../../../src/shared/flushing/flusher";
import type {Announcement} from "../../../src/shared/outbox/messages";
import {Outbox, type Draft} from "../../../src/shared/outbox/outbox";
import type {FlushLock} from "../../../src/shared/context/lock";
import type {Runtime} from "../../../src/shared/context/runtime";
import {promised} from "../../../src/shared/rows/promised";
import {settleProvisional} from "../../../src/shared/outbox/ownership";
import type {StoredItem, WriteTx} from "../../../src/shared/rows/schema";
import {SessionCheck} from "../../../src/shared/context/session";
import {translated} from "../../../src/shared/vocabulary/errors";
import {FakeLocks} from "./locks";
import {FakeServer} from "./server";

export const START = Date.parse("2026-11-20T10:00:00.000Z");

export const MAX_AGE = 30 * 24 * 3_600_000;

let instances = 0;

/** One page or worker of one browser profile, without its browser. */
export class FakeContext {
    now = START;
    readonly told: Announcement[] = [];
    readonly runtime: Runtime;
    readonly session: SessionCheck;
    readonly lock: FlushLock;
    readonly flusher: Flusher;
    readonly outbox: Outbox;

    constructor(
        readonly server = new FakeServer(() => this.now),
        options: Partial<Runtime> = {},
    ) {
        this.runtime = {
            config: {base: "https://site.test/bgsync/", csrfCookie: "csrftoken", csrfHeader: "X-CSRFToken", maxAge: MAX_AGE},
            context: "page",
            instance: `instance-${(instances += 1)}`,
            version: "",
            appVersion: "",
            db: new Database(translated),
            locks: new FakeLocks().asLockManager(),
            fetch: server.fetch,
            csrfCookie: () => Promise.resolve(server.token),
            announce: (...announcements) => this.told.push(...announcements),
            now: () => this.now,
            random: () => 1,
            isConfirmed: false,
            timeout: 30_000,
            ...options,
        };
        this.session = new SessionCheck(this.runtime, this.runtime.context === "page" ? this.settle : undefined);
        this.lock = pageLock(this.runtime);
        this.flusher = new Flusher(this.runtime, this.session, this.lock);
        this.outbox = new Outbox(this.runtime.db, this.runtime.now);
    }

    private readonly settle = (tx: WriteTx, owner: string) => settleProvisional(tx, owner, this.runtime.instance);

    /** As after a page load: the server has said whose session it is. */
    async signedIn(): Promise<this> {
        await this.session.run();
        this.server.calls.length = 0;
        this.told.length = 0;
        return this;
    }

    async write(draft: Partial<Draft> = {}): Promise<StoredItem> {
        return (await this.outbox.add({tag: "post", payload: {text: "hi"}, bytes: 13, ...draft})).item;
    }

    async writeMany(count: number, draft: Partial<Draft> = {}): Promise<string[]> {
        const ids = [];
        for (let i = 0; i < count; i += 1) ids.push((await this.write(draft)).id);
        return ids;
    }

    flush(cause: Partial<Cause> = {}) {
        return offer(this.flusher, this.lock, {trigger: "manual", ...cause});
    }

    /** Items of whoever, for looking behind the API. */
    stored(): Promise<StoredItem[]> {
        return this.runtime.db.read((tx) => promised(tx.objectStore("items").getAll()));
    }

    async item(id: string): Promise<StoredItem> {
        return (await this.stored()).find((item) => item.id === id || item.aliases.includes(id))!;
    }

    async states(): Promise<string[]> {
        return (await this.stored()).map((item) => item.state);
    }

    device(): Promise<Device> {
        return this.runtime.db.read(readDevice);
    }

    heard(type: Announcement["type"]): Announcement[] {
        return this.told.filter((announcement) => announcement.type === type);
    }
}
