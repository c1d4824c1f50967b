import type {Unsent} from "../../page/unsent";
import {withinBase} from "../../shared/context/config";
import {read as readReply, requestInit} from "../../shared/context/exchange";
import type {Runtime} from "../../shared/context/runtime";
import type {SessionCheck} from "../../shared/context/session";
import {wireItem, WIRE_ITEM_BYTES} from "../../shared/flushing/batch";
import {writeEnvelope} from "../../shared/flushing/delivery";
import type {Announcement} from "../../shared/outbox/messages";
import {applyResults} from "../../shared/outbox/settlement";
import {isCutOff, readDevice} from "../../shared/rows/device";
import {find, put} from "../../shared/rows/items";
import type {StoredItem} from "../../shared/rows/schema";
import {isPast} from "../../shared/vocabulary/backoff";
import type {Envelope} from "../../shared/vocabulary/protocol";
import {judge} from "../../shared/vocabulary/verdict";

/** Browsers refuse more than 65,536 bytes of all keepalive bodies in flight together. */
const MOST_BYTES = 60_000;
const LATER = 500;

/**
 * The last request of a page that goes away. There is no time to read the outbox then, so what it needs is kept at
 * hand. Items of a lane stay behind: only the outbox knows what they come after.
 */
export class LastFlush {
    private head: Envelope | null = null;
    private notBefore = 0;
    private clock = 0;
    private isStale = false;
    private later: ReturnType<typeof setTimeout> | undefined;
    private preparing: Promise<void> | null = null;

    constructor(
        private readonly runtime: Runtime, private readonly session: SessionCheck, private readonly unsent: Unsent,
    ) {
        this.prepare();
    }

    hear({type}: Announcement): void {
        if (type === "owner") this.head = null;  // it names the one before
        if (type === "queued") this.prepare();
        // A flush tells it of each delivery, and must not be held up by so many looks.
        if (type === "reached") this.later ??= setTimeout(() => this.prepare(), LATER);
    }

    /** Must reach `fetch` before it first waits for anything. */
    run(token: string | null): void {
        if (!this.head?.owner || !isPast(this.notBefore, this.runtime.now())) return;
        const items = this.fitting();
        if (!items.length) return;
        const wire = items.map((item) => wireItem({...item, send_count: item.send_count + 1}, null, this.clock));
        const envelope = {...this.head, sent_at: new Date(this.runtime.now()).toISOString(), items: wire};
        const sending = this.send(envelope, token, true);
        void this.mark(items).catch(() => undefined);
        sending.catch(() => this.send(envelope, token, false)).catch(() => undefined);
    }

    /** Once for all that is written while it is being read. Where it cannot be read there is no last flush. */
    private prepare(): void {
        clearTimeout(this.later);
        this.later = undefined;
        this.isStale = true;
        this.preparing ??= this.read().catch(() => undefined).finally(() => (this.preparing = null));
    }

    private async read(): Promise<void> {
        while (this.isStale && this.unsent.items.length) {
            this.isStale = false;
            await this.runtime.db.read(async (tx) => {
                const device = await readDevice(tx);
                const isMute = device.isRevoked || isCutOff(device);
                this.head = isMute ? null : await writeEnvelope(tx, this.runtime, {trigger: "enqueue"}, [], []);
                this.notBefore = device.not_before;
                this.clock = device.clock;
            });
        }
    }

    private fitting(): StoredItem[] {
        let room = MOST_BYTES - JSON.stringify(this.head).length - WIRE_ITEM_BYTES;
        return this.unsent.items.filter(({lane, bytes, files}) => !lane && !files && (room -= bytes + WIRE_ITEM_BYTES) > 0);
    }

    private async send(envelope: Envelope, token: string | null, keepalive: boolean): Promise<void> {
        const {config, fetch, now, random} = this.runtime;
        // A token that is at hand costs a microtask, which a page that goes away still has.
        const theirs = this.runtime.headers && (await this.runtime.headers());
        const headers = {"Content-Type": "application/json", ...(token && {[config.csrfHeader]: token})};
        const init = {method: "POST", headers, body: JSON.stringify(envelope), keepalive};
        const response = await fetch(withinBase(config, "v1/deliveries/"), requestInit(envelope.client.id, init, theirs));
        // An unread body keeps its share of the keepalive budget.
        const verdict = judge(await readReply(response), envelope.items.map(({id}) => id), now());
        if (verdict.kind !== "answer") return;
        const {owner, results} = verdict.answer;
        await this.session.confirm(owner, envelope.owner, (tx) => applyResults(tx, [], results, {now: now(), random}));
        this.runtime.announce({type: "change"});
    }

    /** Nobody may be left to hear the answer, so whoever comes next sends it again: the server recognises it. */
    private async mark(items: StoredItem[]): Promise<void> {
        const {db, instance, now} = this.runtime;
        await db.write(async (tx) => {
            for (const {id} of items) {
                const item = await find(tx, id);
                if (item?.state !== "queued") continue;
                const sent = {lease_by: instance, lease_until: now(), send_count: item.send_count + 1, uncertain: true};
                put(tx, {...item, ...sent, state: "sending"});
            }
        });
    }
}
