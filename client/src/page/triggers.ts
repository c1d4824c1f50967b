import {askDelay} from "../shared/backoff";
import {readDevice, type Device} from "../shared/device";
import type {Flusher} from "../shared/flusher";
import {countItems, inState} from "../shared/items";
import type {Announcement} from "../shared/messages";
import type {OwnerChange} from "../shared/ownership";
import type {Trigger} from "../shared/protocol";
import type {Runtime} from "../shared/runtime";
import type {StoredItem, Tx} from "../shared/schema";
import type {SessionCheck} from "../shared/session";
import type {WorkerRegistration} from "./registration";

const SOONEST = 1_000;
const LATEST = 3_600_000;
const LOOKED_AT = 500;

/** What makes a page flush. In browsers without background sync this is all there is. */
export class Triggers {
    private timer: ReturnType<typeof setTimeout> | undefined;
    private flushing: Promise<void> | null = null;
    private readonly pending = new Set<Trigger>();
    private checking: Promise<OwnerChange | null> | null = null;
    private scheduling: Promise<void> | null = null;
    private hasStarted = false;
    private spokeAt = -Infinity;
    private isStale = false;
    private asked = 0;
    private askedAt = 0;

    constructor(
        private readonly runtime: Runtime,
        private readonly session: SessionCheck,
        private readonly flusher: Flusher,
        private readonly registration: WorkerRegistration,
    ) {}

    start(): void {
        this.hasStarted = true;
        addEventListener("online", () => this.resume("online"));
        document.addEventListener("visibilitychange", () => {
            if (document.visibilityState === "visible") this.resume("visible");
        });
        this.resume("load");
    }

    /** Ask again whose session it is: somebody may have signed in or out, and requests prove it in another way. */
    ask(trigger: Trigger = "login"): void {
        this.session.isConfirmed = false;
        if (this.hasStarted) void this.resume(trigger);
    }

    /** The user of this page has written something. */
    enqueued(tag: string): void {
        attempt(() => this.registration.arm([tag]));
        void this.flush("enqueue");
    }

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
        if (trigger !== "timer") attempt(() => this.rearm());
        return attempt(async () => {
            if (!(await this.needsSession(trigger))) return this.flush(trigger);
            const change = await this.check();
            const isLogin = Boolean(change?.released.length);
            if (change) return this.flush(isLogin ? "login" : trigger);
            return this.schedule();
        });
    }

    /** Not more often than now and then: a server may contradict itself. */
    private speakUp(): void {
        const {headers, now} = this.runtime;
        if (!headers || now() < this.spokeAt + LATEST) return;
        this.spokeAt = now();
        this.ask();
    }

    private check(): Promise<OwnerChange | null> {
        this.checking ??= this.session.run().finally(() => (this.checking = null));
        return this.checking;
    }

    private async loop(): Promise<void> {
        await this.checking;
        for (const trigger of this.pending) {
            this.pending.delete(trigger);
            await attempt(() => this.flusher.offer({trigger}));
        }
    }

    private async needsSession(trigger: Trigger): Promise<boolean> {
        // Who asks by hand may have signed in without a new page.
        if (!this.session.isConfirmed || trigger === "manual") return true;
        return trigger !== "timer" && (await this.counts()).blocked > 0;
    }

    private async rearm(): Promise<void> {
        // The tags of the oldest are enough to be woken by, and then everything is sent.
        const queued = await this.runtime.db.read(async (tx) => inState(tx, (await readDevice(tx)).owner, "queued", LOOKED_AT));
        if (queued.length) await this.registration.arm(new Set(queued.map(({tag}) => tag)));
    }

    /** Set the timer anew, once for all the changes that come while it is being set. */
    private schedule(): void {
        if (this.flushing) return;  // which ends with this
        this.isStale = true;
        this.scheduling ??= attempt(() => this.setTimer()).finally(() => (this.scheduling = null));
    }

    private async setTimer(): Promise<void> {
        const {db, now} = this.runtime;
        let at = Infinity;
        while (this.isStale) {
            this.isStale = false;
            at = Math.min(await db.read((tx) => this.dueAt(tx)), await this.askAt());
        }
        clearTimeout(this.timer);
        if (at === Infinity) return;
        this.timer = setTimeout(() => this.wake(), Math.min(LATEST, Math.max(SOONEST, at - now())));
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
        const checkAt = this.session.isConfirmed ? Infinity : device.next_try;
        return Math.min(checkAt, dueAt(queued, device), ...sending.map((item) => item.lease_until));
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

/** When the first of these items is due; in a lane that is a matter of its first one. */
function dueAt(queued: StoredItem[], device: Device): number {
    const heads = queued.filter((item, i) => !item.lane || queued.findIndex(({lane}) => lane === item.lane) === i);
    const first = Math.min(...heads.map((item) => Math.max(item.next_try, item.not_before)));
    return Math.max(first, device.not_before, device.next_try);
}

/** Nobody waits for what a trigger starts: a failure is told, and the next trigger tries again. */
async function attempt(work: () => Promise<unknown>): Promise<void> {
    try {
        await work();
    } catch (error) {
        console.warn("django-bgsync:", error);
    }
}
