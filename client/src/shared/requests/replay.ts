import {isEager, type Cause, type Ending} from "../context/cause";
import {CLIENT, exchange, type Silence} from "../context/exchange";
import {LEASE, type FlushLock} from "../context/lock";
import type {Runtime} from "../context/runtime";
import type {SessionCheck} from "../context/session";
import {SLOWEST} from "../flushing/delivery";
import {news} from "../outbox/messages";
import {blockOwner} from "../outbox/ownership";
import {applyResult, giveBack} from "../outbox/settlement";
import {BODY, captured, heads} from "../rows/captured";
import {backOff, changeDevice, readDevice} from "../rows/device";
import {readFiles} from "../rows/files";
import {find, put, remove} from "../rows/items";
import type {StoredItem, Tx, WriteTx} from "../rows/schema";
import {disown} from "../rows/visitors";
import {isPast, postponed, type Moment} from "../vocabulary/backoff";
import type {Result} from "../vocabulary/protocol";
import type {Reply} from "../vocabulary/verdict";
import {judgeReplay, type Outcome} from "./replay-verdict";

interface Replayed {
    item: StoredItem;
    content: ArrayBuffer | null;
}

/** The part of a flush that sends captured requests, one after another, each as itself. Its caller holds the lock. */
export class Replay {
    private readonly tried = new Set<string>();
    private hasChangedOwner = false;

    constructor(
        private readonly runtime: Runtime,
        private readonly session: SessionCheck,
        private readonly lock: FlushLock,
        private readonly cause: Cause,
    ) {}

    async run(): Promise<Ending> {
        for (;;) {
            const next = await this.next();
            if (typeof next === "string") return next;
            const ending = await this.send(next);
            this.runtime.announce({type: "change"});
            if (ending) return ending;
        }
    }

    private async next(): Promise<Replayed | Ending> {
        const {db} = this.runtime;
        if (this.cause.signal?.aborted) return "aborted";
        const first = await db.read((tx) => this.first(tx));
        if (!first) return "drained";
        // By a status alone nobody could tell whose session it was.
        if (first.request!.verdict === "status" && !(await this.session.run(this.cause.signal))) return "failed";
        if (!(await this.lock.renew())) return "postponed";
        return db.write(async (tx) => {
            const item = await this.first(tx);
            return item ? this.lease(tx, item) : "drained";
        });
    }

    private async first(tx: Tx): Promise<StoredItem | undefined> {
        const now = this.runtime.now();
        const eager = isEager(this.cause);
        const items = await captured(tx, (await readDevice(tx)).owner);
        return heads(items).find((item) => (
            !this.tried.has(item.id) && isPast(item.not_before, now) && (eager || isPast(item.next_try, now))
        ));
    }

    private async lease(tx: WriteTx, item: StoredItem): Promise<Replayed> {
        const {instance, now} = this.runtime;
        const sent = {send_count: item.send_count + 1, uncertain: true, lease_by: instance, lease_until: now() + LEASE};
        const file = (await readFiles(tx, item)).find(({name}) => name === BODY);
        return {item: put(tx, {...item, ...sent, state: "sending"}), content: file?.content ?? null};
    }

    private async send(next: Replayed): Promise<Ending | null> {
        const {session, runtime, cause} = this;
        const {item} = next;
        this.runtime.announce({type: "change"});
        let outcome = await this.ask(next, await session.csrfToken(cause.signal));
        if (isDenied(outcome) && !outcome.isRevoked) {
            // The question whose session it is brings a new token too, and blocks the item if it is somebody else's.
            if (!(await session.run(cause.signal))) return this.stop(item, "failed");
            const isStill = (await runtime.db.read((tx) => find(tx, item.id)))?.state === "sending";
            if (!isStill) return null;
            outcome = await this.ask(next, session.knownToken);
        }
        return this.settle(item, outcome);
    }

    private async ask({item, content}: Replayed, token: string | null): Promise<Outcome | Silence> {
        const {runtime, cause} = this;
        const {method, path, headers, key} = item.request!;
        const own = {
            ...Object.fromEntries(headers),
            "Idempotency-Key": JSON.stringify(key ?? item.id),
            // The server has it, if at all, under the visitor who wrote it.
            "BGSync-Owner": item.visitor?.owner ?? item.owner,
            ...(item.visitor && {[CLIENT]: item.visitor.client}),
            ...(token && {[runtime.config.csrfHeader]: token}),
        };
        if (!isOfSite(path, runtime.config.base)) return {kind: "later", code: "invalid_item", delay: null};
        const time = (content?.byteLength ?? 0) / SLOWEST;
        const reply: Reply | Silence = await exchange(runtime, path, {method, headers: own, body: content}, cause.signal, time);
        return typeof reply === "string" ? reply : judgeReplay(item.id, item.request!, reply, runtime.now());
    }

    private async settle(item: StoredItem, outcome: Outcome | Silence): Promise<Ending | null> {
        if (outcome === "offline") return this.missServer(item);
        if (outcome === "aborted") return this.stop(item, "aborted");
        if (outcome === "timeout") return this.postpone(item, outcome, null);
        switch (outcome.kind) {
            case "verdict":
                return this.accept(item, outcome.result);
            case "wrong_owner":
                return this.changeOwner(item, outcome.owner);
            case "denied":
                return outcome.isRevoked ? this.block(item) : this.postpone(item, "denied", null);
            default:
                return this.postpone(item, outcome.code, outcome.delay);
        }
    }

    private async accept({id}: StoredItem, result: Result): Promise<null> {
        const {moment} = this;
        const told = await this.runtime.db.write(async (tx) => {
            const gone: StoredItem[] = [];
            const item = await find(tx, id);
            const said = item ? await applyResult(tx, item, result, moment, gone) : [];
            remove(tx, ...gone);
            return said;
        });
        this.runtime.announce({type: "reached", reached: "server"}, ...told);
        return null;
    }

    /** This request waits, and what comes after it in its lane; the others go on. */
    private async postpone(item: StoredItem, code: string, delay: number | null): Promise<null> {
        const {moment} = this;
        this.tried.add(item.id);
        await this.runtime.db.write((tx) => giveBack(tx, [item], (given) => (
            delay === null
                ? postponed({...given, last_error: code}, moment)
                : {...given, last_error: code, not_before: moment.now + delay}
        )));
        return null;
    }

    private async changeOwner(item: StoredItem, to: unknown): Promise<Ending | null> {
        // The server contradicts itself, or knows another user of that visitor.
        if (this.hasChangedOwner || to === item.owner) {
            await this.postpone(item, "wrong_owner", null);
            await this.runtime.db.write((tx) => disown(tx, [item]));
            return null;
        }
        this.hasChangedOwner = true;
        await this.runtime.db.write((tx) => giveBack(tx, [item]));
        return (await this.session.run(this.cause.signal)) ? null : "failed";
    }

    private async block(item: StoredItem): Promise<Ending> {
        const blocked = await this.runtime.db.write(async (tx) => {
            await giveBack(tx, [item]);
            await changeDevice(tx, {isRevoked: true});
            return blockOwner(tx, item.owner);
        });
        this.runtime.announce(...blocked.map((other) => ({type: "blocked", item: news(other)}) as const));
        return "blocked";
    }

    private async missServer(item: StoredItem): Promise<Ending> {
        await this.runtime.db.write(async (tx) => {
            await giveBack(tx, [item]);
            await backOff(tx, this.moment);
        });
        this.runtime.announce({type: "reached", reached: "nobody"});
        return "failed";
    }

    private async stop(item: StoredItem, ending: Ending): Promise<Ending> {
        await this.runtime.db.write((tx) => giveBack(tx, [item]));
        return ending;
    }

    private get moment(): Moment {
        return {now: this.runtime.now(), random: this.runtime.random};
    }
}

function isDenied(outcome: Outcome | Silence): outcome is Extract<Outcome, {kind: "denied"}> {
    return typeof outcome !== "string" && outcome.kind === "denied";
}

/** Whatever has written to the outbox: nothing leaves for another site. */
function isOfSite(path: string, base: string): boolean {
    return path.startsWith("/") && new URL(path, base).origin === new URL(base).origin;
}
