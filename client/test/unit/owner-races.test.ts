import {beforeEach, describe, expect, test, vi} from "vitest";

import {LastFlush} from "../../src/page-parts/engine/last-flush";
import {logout} from "../../src/page-parts/engine/logout";
import {Unsent} from "../../src/page/unsent";
import {promised} from "../../src/shared/rows/promised";
import {FakeCacheStorage} from "./support/cache-storage";
import {FakeContext} from "./support/device";
import {FakeLocks} from "./support/locks";
import {settle, until} from "./support/page";
import {FakeServer, json, NO_NETWORK, result} from "./support/server";

/** Two contexts of one browser. */
let server: FakeServer;
let one: FakeContext;
let other: FakeContext;
/** Lets go what the test holds back. */
let release: () => void;
let held: Promise<void>;

beforeEach(async () => {
    vi.stubGlobal("caches", new FakeCacheStorage());
    const locks = new FakeLocks().asLockManager();
    server = new FakeServer(() => one.now);
    one = new FakeContext(server, {locks});
    other = new FakeContext(server, {locks});
    other.now = one.now;
    await one.signedIn();
    held = new Promise((resolve) => (release = resolve));
});

/** The server applies what comes, but its answers are held back. */
function holdAnswers(): void {
    server.deliveries = async ({envelope}) => {
        const answer = json(server.answer(envelope.items.map(({id}) => result(id))));
        await held;
        return answer;
    };
}

async function signIn(owner: string): Promise<void> {
    server.owner = owner;
    await other.session.run();
}

describe("an answer that comes late", () => {
    test("does not bring back who was signed in when its delivery was sent", async () => {
        holdAnswers();
        await one.write();
        const flushing = one.flush();
        await until(() => server.envelopes.length);
        await signIn("B");
        release();
        await flushing;
        expect((await other.device()).owner).toBe("B");
        expect(await one.states()).toEqual([]);
        expect(await other.write()).toMatchObject({owner: "B"});
    });

    test("is asked for again where it was about the session", async () => {
        const {fetch} = one.runtime;
        let isHeld = true;
        one.runtime.fetch = async (...call) => {
            const answer = await fetch(...call);
            if (isHeld) await held;
            isHeld = false;
            return answer;
        };
        const checking = one.session.run();
        await settle();
        await signIn("B");
        release();
        expect(await checking).toMatchObject({changed: false});
        expect((await one.device()).owner).toBe("B");
        expect(server.calls.filter(({url}) => url.includes("session"))).toHaveLength(3);
    });

    test("does not undo that somebody has signed out", async () => {
        await other.session.run();
        holdAnswers();
        await one.writeMany(2);
        const flushing = one.flush();
        await until(() => server.envelopes.length);
        await logout(other.runtime, other.outbox, other.flusher, "keep");
        release();
        await flushing;
        expect((await other.device()).owner).toBe("");
        expect(await other.outbox.list()).toEqual([]);
    });

    test("does not bring back how the items of who has signed out ended", async () => {
        holdAnswers();
        const [id] = await one.writeMany(1);
        const flushing = one.flush();
        await until(() => server.envelopes.length);
        await logout(other.runtime, other.outbox, other.flusher, "keep");
        release();
        await flushing;
        expect(await one.runtime.db.read((tx) => promised(tx.objectStore("results").getAll()))).toEqual([]);
        expect(one.heard("settled")).toMatchObject([{item: {id}}]);
    });
});

test("neither does the answer to a last flush, if the page stays", async () => {
    const unsent = new Unsent();
    unsent.add(await one.write());
    const last = new LastFlush(one.runtime, one.session, unsent);
    await settle();
    holdAnswers();
    last.run("token");
    await until(() => server.envelopes.length);
    await logout(other.runtime, other.outbox, other.flusher, "keep");
    release();
    await settle();
    expect((await one.device()).owner).toBe("");
    expect(await one.states()).toEqual([]);
});

describe("a visitor who has signed in, and whose page has not asked yet", () => {
    let applied: Set<string>;

    beforeEach(async () => {
        one = new FakeContext(server = new FakeServer(() => one.now));
        Object.assign(server, {owner: "V", isVisitor: true});
        await one.signedIn();
        applied = new Set();
    });

    function becomeUser(): FakeContext {
        Object.assign(server, {owner: "A", isVisitor: false, before: "V"});
        const page = new FakeContext(server);
        page.now = one.now;
        return page;
    }

    test.each(["lost", "in_flight"])("sends an item under one name, though the first answer is %s", async (first) => {
        const page = becomeUser();
        server.deliveries = ({envelope}, count) => {
            for (const {id} of envelope.items) applied.add(`${envelope.owner}/${id}`);
            if (count > 1) return undefined;
            const results = envelope.items.map(({id}) => result(id, "deferred", {code: first, retry_after: 1}));
            return first === "lost" ? NO_NETWORK : json(server.answer(results));
        };
        await page.write({provisional: page.runtime.instance});
        await page.flush({trigger: "enqueue"});
        await page.session.run();
        page.now += 5_000;
        await page.flush();
        expect(applied.size).toBe(1);
        expect(await page.states()).toEqual([]);
    });

    test("leaves with the name of now", async () => {
        const unsent = new Unsent();
        unsent.add(await one.write());
        const last = new LastFlush(one.runtime, one.session, unsent);
        await settle();
        await one.flush();
        Object.assign(server, {owner: "A", isVisitor: false, before: "V"});
        await one.session.run();
        unsent.hear({type: "owner"});
        last.hear({type: "owner"});
        await settle();
        server.calls.length = 0;
        const item = await one.write();
        unsent.add(item);
        last.hear({type: "queued", item: {id: item.id, aliases: [], tag: "post", lane: ""}});
        last.run("token");
        await settle();
        await one.flush();
        expect(new Set(server.envelopes.map(({owner}) => owner))).toEqual(new Set(["A"]));
    });
});
