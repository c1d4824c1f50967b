import {isEager, type Cause, type Ending} from "../context/cause";
import {LEASE, type FlushLock} from "../context/lock";
import type {Runtime} from "../context/runtime";
import type {SessionCheck} from "../context/session";
import {startAging} from "../outbox/aging";
import {noteContact} from "../outbox/contact";
import {news, type Reached} from "../outbox/messages";
import {blockOwner} from "../outbox/ownership";
import {applyNews, applyResults, countFailure, giveBack, parkTooLarge} from "../outbox/settlement";
import {backOff, changeDevice, isCutOff, isLongAgo, readDevice, type Device} from "../rows/device";
import {attachments, type Attachment} from "../rows/files";
import {inState, overdueItems} from "../rows/items";
import {pruneResults} from "../rows/results";
import type {StoredItem, WriteTx} from "../rows/schema";
import {disown} from "../rows/visitors";
import {isPast, type Moment} from "../vocabulary/backoff";
import type {Answer, Envelope, Limits, Trigger} from "../vocabulary/protocol";
import type {Verdict} from "../vocabulary/verdict";
import {leaseBatch, reclaim, type Leased} from "./batch";
import {awaited, deliver, writeEnvelope} from "./delivery";
import {Pace} from "./pace";

/** They bring no request of their own when there is nothing to send. */
const SENDING_ONLY: ReadonlySet<Trigger> = new Set(["enqueue", "sync"]);

interface Failure {
    kind: "unreachable" | "refused" | "csrf_failed" | "wrong_owner";
    /** What the server said, where it said anything. */
    code?: string;
    divisible?: boolean;
    limits?: Limits | undefined;
}

interface Prepared {
    /** Of the session; the envelope's may be a visitor whom this owner has been. */
    owner: string;
    batch: Leased[];
    envelope: Envelope;
    attached: Attachment[];
}

/** One flush: everything due of the current owner, delivery by delivery. Its caller holds the lock. */
export class Flush {
    private readonly pace = new Pace();
    private hasAsked = false;
    private hasProbed = false;
    private hasResults = false;
    private hasChangedOwner = false;
    /** Nobody can be reached: what has been given back is not to be taken again. */
    private isOver = false;

    constructor(
        private readonly runtime: Runtime,
        private readonly session: SessionCheck,
        private readonly lock: FlushLock,
        private readonly cause: Cause,
        /** Which of the accepted items to ask for, where they are too many for one envelope. */
        private readonly turn: number,
    ) {}

    async run(): Promise<Ending> {
        const {db, now} = this.runtime;
        await db.write((tx) => reclaim(tx, this.lock.isExclusive, now()));
        const ending = await this.sendAll();
        await startAging(db, this.runtime.config.maxAge);
        if (this.hasResults) await db.write((tx) => pruneResults(tx, now()));
        return ending;
    }

    /** Captured requests come last: each takes a request of its own. */
    private async sendAll(): Promise<Ending> {
        const ending = await this.drain();
        const {replay} = this.runtime;
        return replay && ending === "drained" ? replay(this.session, this.lock, this.cause) : ending;
    }

    private async drain(): Promise<Ending> {
        // Once the server has answered, the next delivery is prepared and sent while one is still on its way.
        let earlier: Promise<Ending | null> | null = null;
        for (;;) {
            const next = await this.next();
            if (typeof next === "string" && !earlier) return next;
            const sending: Promise<Ending | null> | null = typeof next === "string" ? null : this.send(next);
            sending?.catch(() => undefined);  // raised below, and not while we wait for the earlier one
            const ending = (await earlier) ?? (this.pace.overlaps ? null : await sending);
            if (ending) {
                await sending;
                return ending;
            }
            earlier = sending;
        }
    }

    private async next(): Promise<Prepared | Ending> {
        if (this.cause.signal?.aborted) return "aborted";
        if (!(await this.lock.renew())) return "postponed";
        const next = await this.runtime.db.write(async (tx) => {
            const device = await readDevice(tx);
            return this.obstacle(device) ?? this.prepare(tx, device.owner);
        });
        return typeof next === "function" ? next() : next;
    }

    /** Why nothing is sent now, or what has to be done before. */
    private obstacle(device: Device): "postponed" | (() => Promise<Prepared | Ending>) | null {
        const now = this.runtime.now();
        if (device.isRevoked) return () => this.block(device.owner, []);
        if (this.isOver || !isPast(device.not_before, now)) return "postponed";
        if (this.cause.trigger === "timer" && !isPast(device.next_try, now)) return "postponed";
        if (!device.owner) return async () => (await this.findOwner()) ?? this.next();
        const isDoubtful = isCutOff(device) || isLongAgo(device, now);
        return !this.hasProbed && isDoubtful ? async () => (await this.probe(device)) ?? this.next() : null;
    }

    private async send(prepared: Prepared): Promise<Ending | null> {
        this.runtime.announce({type: "change"});
        const {envelope, attached} = prepared;
        return this.settle(prepared, await deliver(this.runtime, this.session, envelope, attached, this.cause.signal));
    }

    /** Without a confirmed owner nothing is sent: ask whose session it is, if there is anything to send. */
    private async findOwner(): Promise<Ending | null> {
        const waiting = await this.runtime.db.read((tx) => inState(tx, "", "queued", 1));
        if (!waiting.length) return "drained";
        if (!(await this.session.run(this.cause.signal))) return "failed";
        return (await this.runtime.db.read(readDevice)).owner ? null : "blocked";
    }

    /** Before items leave: whatever is never sent can still be discarded, and replaced by what is written next. */
    private async probe({failures}: Device): Promise<Ending | null> {
        this.hasProbed = true;
        if (!(await this.session.run(this.cause.signal))) return this.end("failed");
        // That a question gets through does not mean that deliveries do.
        await this.runtime.db.write((tx) => changeDevice(tx, {failures}));
        return null;
    }

    private async prepare(tx: WriteTx, owner: string): Promise<Prepared | "drained"> {
        const now = this.runtime.now();
        const {cap, proven, tried} = this.pace;
        const eager = isEager(this.cause);
        const by = this.runtime.instance;
        const batch = await leaseBatch(tx, {owner, now, eager, tried, cap, proven, by, leaseUntil: now + LEASE});
        const overdue = (await overdueItems(tx, await readDevice(tx))).filter((item) => item.owner === owner && !item.request);
        const asks = !this.hasAsked && (batch.length + overdue.length > 0 || this.cause.asks || !SENDING_ONLY.has(this.cause.trigger));
        const asked = asks ? await awaited(tx, owner, this.turn, overdue, batch[0]?.item) : [];
        const first = batch[0]?.item ?? asked[0];
        if (!first) return "drained";
        const items = batch.map(({wire}) => wire);
        const ids = asked.map(({id}) => id);
        const envelope = await writeEnvelope(tx, this.runtime, this.cause, items, ids, first.visitor);
        return {owner, batch, envelope, attached: await attachments(tx, batch.map(({item}) => item))};
    }

    private async settle({owner, batch}: Prepared, verdict: Verdict): Promise<Ending | null> {
        const items = batch.map(({item}) => item);
        switch (verdict.kind) {
            case "answer":
                return this.accept(verdict.answer, owner, items);
            case "blocked":
                return this.block(owner, items, verdict.isRevoked);
            case "wrong_owner":
                return this.changeOwner(owner, verdict.owner, items);
            case "busy":
                return this.postpone(verdict.delay, verdict.ours ? "server" : "stranger", items);
            case "offline":
                // Nobody answered: that says nothing about the items, so none of them is the worse for it.
                await this.runtime.db.write(async (tx) => {
                    await giveBack(tx, items);
                    await this.backOff(tx);
                });
                return this.end("failed", "nobody");
            case "aborted":
                await this.runtime.db.write((tx) => giveBack(tx, items));
                return this.end("aborted");
            default:
                return this.endure(items, verdict);
        }
    }

    private async accept(answer: Answer, owner: string, items: StoredItem[]): Promise<null> {
        const {moment} = this;
        await this.runtime.keepPages?.(owner, [...answer.results, ...(answer.settled ?? [])]);
        const apply = async (tx: WriteTx) => {
            const {not_before} = await readDevice(tx);
            // The answer to another delivery may have asked us to wait.
            const wait = isPast(not_before, moment.now) ? 0 : not_before;
            const expired = await noteContact(tx, answer, moment, {not_before: wait});
            const sent = await applyResults(tx, items, answer.results, moment);
            return [...expired, ...sent, ...(await applyNews(tx, answer.settled ?? [], moment))];
        };
        await this.session.confirm(answer.owner, owner, apply);
        this.pace.succeed(items.map(({id}) => id));
        this.hasAsked = true;
        this.hasResults = true;
        this.runtime.announce({type: "reached", reached: "server"}, {type: "change"});
        return null;
    }

    private async block(owner: string, items: StoredItem[], isRevoked?: boolean): Promise<Ending> {
        const blocked = await this.runtime.db.write(async (tx) => {
            await giveBack(tx, items);
            if (isRevoked) await changeDevice(tx, {isRevoked});
            return blockOwner(tx, owner);
        });
        this.runtime.announce(...blocked.map((item) => ({type: "blocked", item: news(item)}) as const));
        if (this.runtime.context === "worker") this.runtime.announce({type: "denied"});
        return this.end("blocked", "server");
    }

    private async changeOwner(from: string, to: string | null | undefined, items: StoredItem[]): Promise<Ending | null> {
        // A second change within one flush, or none at all, is a server that contradicts itself: do not argue for ever.
        if (this.hasChangedOwner || to === from) {
            const ending = await this.endure(items, {kind: "wrong_owner"});
            await this.runtime.db.write((tx) => disown(tx, items));
            return ending;
        }
        this.hasChangedOwner = true;
        await this.runtime.db.write((tx) => giveBack(tx, items));
        // The session says also whether that is a user, and whom its CSRF token fits.
        const change = await this.session.run(this.cause.signal);
        this.runtime.announce({type: "change"});
        return change ? null : "failed";
    }

    private async postpone(delay: number, reached: Reached, items: StoredItem[]): Promise<Ending> {
        await this.runtime.db.write(async (tx) => {
            await giveBack(tx, items);
            await changeDevice(tx, {not_before: this.runtime.now() + delay});
        });
        return this.end("postponed", reached);
    }

    /** An answer that is no verdict: these items wait, and the others are only tried if the server can be trusted to be there. */
    private async endure(items: StoredItem[], failure: Failure): Promise<Ending | null> {
        const course = this.pace.fail(items.map(({id}) => id), failure.divisible ?? false);
        const told = await this.runtime.db.write(async (tx) => {
            if (course === "divide") await giveBack(tx, items);
            else await countFailure(tx, items, failure.code ?? failure.kind, this.moment);
            if (course === "stop") await this.backOff(tx);
            if (!failure.limits) return [];
            const limits = {...(await readDevice(tx)).limits, ...failure.limits};
            await changeDevice(tx, {limits});
            return parkTooLarge(tx, items, limits, this.moment);
        });
        this.runtime.announce(...told);
        return course === "stop" ? this.end("failed", failure.kind === "unreachable" ? "stranger" : "server") : null;
    }

    private backOff(tx: WriteTx): Promise<void> {
        this.isOver = true;
        return backOff(tx, this.moment);
    }

    private get moment(): Moment {
        return {now: this.runtime.now(), random: this.runtime.random};
    }

    private end(ending: Ending, reached?: Reached): Ending {
        if (reached) this.runtime.announce({type: "reached", reached});
        this.runtime.announce({type: "change"});
        return ending;
    }
}
