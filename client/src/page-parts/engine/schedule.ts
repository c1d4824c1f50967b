import {attempt} from "../../shared/context/attempts";
import type {Cause} from "../../shared/context/cause";
import type {Runtime} from "../../shared/context/runtime";
import type {SessionCheck} from "../../shared/context/session";
import {heads} from "../../shared/flushing/batch";
import type {Announcement} from "../../shared/outbox/messages";
import type {OwnerChange} from "../../shared/outbox/ownership";
import {readDevice} from "../../shared/rows/device";
import {countItems, inState} from "../../shared/rows/items";
import type {Tx} from "../../shared/rows/schema";
import {askDelay, isPast} from "../../shared/vocabulary/backoff";
import type {Trigger} from "../../shared/vocabulary/protocol";

const SOONEST = 1_000;
const LATEST = 3_600_000;
/** When it looks again where the outbox could not be read. */
const UNREADABLE = 60_000;
const LOOKED_AT = 500;

/** When a page flushes: as soon as it may, or when something is due. */
export class Schedule {
    private timer: ReturnType<typeof setTimeout> | undefined;
    private flushing: Promise<void> | null = null;
    private readonly pending = new Set<Trigger>();
    private checking: Promise<OwnerChange | null> | null = null;
    private scheduling: Promise<void> | null = null;
    private spokeAt = -Infinity;
    private isStale = false;
    private asked = 0;
    private askedAt = 0;

    constructor(
        private readonly runtime: Runtime,
        private readonly session: SessionCheck,
        private readonly offer: (cause: Cause) => Promise<unknown>,
    ) {}

    hear(announcement: Announcement): void {
        if (announcement.type === "sent") this.asked = 0;
        if (announcement.type === "denied") this.speakUp();
        if (announcement.type === "change") this.schedule();
    }

    /** Flush as soon as this page may. Resolves when it has tried, whatever came of it. */
    flush(trigger: Trigger): Promise<void> {
        this.pending.add(trigger);
        this.flushing ??= this.loop().finally(() => {
            this.flushing = null;
            this.schedule();
        });
        return this.flushing;
    }

    /** Something has changed outside: find out whose session it is where that is open, then send what is due. */
    resume(trigger: Trigger): Promise<void> {
        return attempt(async () => {
            if (!(await this.needsSession(trigger))) return this.flush(trigger);
            const change = await this.check();
            const isLogin = Boolean(change?.released.length);
            if (change) await this.flush(isLogin ? "login" : trigger);
        }).finally(() => this.schedule());
    }

    /** Not more often than now and then: a server may contradict itself. */
    private speakUp(): void {
        const {headers, now} = this.runtime;
        if (!headers || now() < this.spokeAt + LATEST) return;
        this.spokeAt = now();
        this.runtime.isConfirmed = false;
        void this.resume("login");
    }

    async confirm(): Promise<unknown> {
        return this.runtime.isConfirmed || this.check();
    }

    private check(): Promise<OwnerChange | null> {
        this.checking ??= this.session.run().finally(() => (this.checking = null));
        return this.checking;
    }

    private async loop(): Promise<void> {
        await this.checking;
        for (const trigger of this.pending) {
            this.pending.delete(trigger);
            await attempt(() => this.offer({trigger}));
        }
    }

    private async needsSession(trigger: Trigger): Promise<boolean> {
        // Who asks by hand may have signed in without a new page.
        if (!this.runtime.isConfirmed || trigger === "manual") return true;
        return trigger !== "timer" && (await this.counts()).blocked > 0;
    }

    /** Set the timer anew, once for all the changes that come while it is being set. */
    private schedule(): void {
        if (this.flushing) return;  // which ends with this
        this.isStale = true;
        this.scheduling ??= attempt(() => this.setTimer()).finally(() => (this.scheduling = null));
    }

    private async setTimer(): Promise<void> {
        const {db, now} = this.runtime;
        this.sleep(UNREADABLE);
        let at = Infinity;
        while (this.isStale) {
            this.isStale = false;
            at = Math.min(await db.read((tx) => this.dueAt(tx)), await this.askAt());
        }
        this.sleep(at - now());
    }

    private sleep(milliseconds: number): void {
        clearTimeout(this.timer);
        if (milliseconds === Infinity) return;
        this.timer = setTimeout(() => this.wake(), Math.min(LATEST, Math.max(SOONEST, milliseconds)));
    }

    private wake(): void {
        this.askedAt = this.runtime.now();
        this.asked += 1;
        this.resume("timer");
    }

    private async dueAt(tx: Tx): Promise<number> {
        const device = await readDevice(tx);
        const queued = await inState(tx, device.owner, "queued", LOOKED_AT);
        const sending = await inState(tx, device.owner, "sending", LOOKED_AT);
        const {isConfirmed, now} = this.runtime;
        const rest = latest(now(), device.not_before, device.next_try);
        const waits = (await heads(tx, queued)).map((item) => latest(now(), item.next_try, item.not_before));
        const first = isConfirmed ? Math.min(...waits) : 0;
        return Math.min(Math.max(rest, first), ...sending.map((item) => item.lease_until));
    }

    /** A visible page asks after accepted items, less and less often. */
    private async askAt(): Promise<number> {
        if (document.visibilityState !== "visible" || !(await this.counts()).accepted) return Infinity;
        return this.askedAt + askDelay(this.asked);
    }

    private counts() {
        return this.runtime.db.read(async (tx) => countItems(tx, (await readDevice(tx)).owner));
    }
}

/** Of what is still to come, else 0. What is past may seem years ahead: the clock was set back. */
function latest(now: number, ...instants: number[]): number {
    return Math.max(0, ...instants.filter((instant) => !isPast(instant, now)));
}
