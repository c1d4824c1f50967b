import {noteContact} from "../outbox/contact";
import {news, type Announcement, type Reached} from "../outbox/messages";
import {confirmOwner, type OwnerChange} from "../outbox/ownership";
import {backOff, changeDevice, readDevice} from "../rows/device";
import type {WriteTx} from "../rows/schema";
import type {Session} from "../vocabulary/protocol";
import {isObject, parsed, rest, type Reply} from "../vocabulary/verdict";
import {exchange, type Silence} from "./exchange";
import type {Runtime} from "./runtime";

/** Whose session it is and how to prove it to the server, asked anew each time; only the owner is kept. */
export class SessionCheck {
    /** The last token the server handed out, for sites whose CSRF cookie scripts cannot read. */
    private token: string | null = null;

    /**
     * Of a page: `settle` what it wrote before it knew whose session it is. `confirmed` is told once, when it has learned it.
     */
    constructor(
        private readonly runtime: Runtime,
        private readonly settle?: (tx: WriteTx, owner: string) => Promise<void>,
        private readonly confirmed?: (owner: string) => void,
    ) {}

    /** Ask the server. What it changed for the items here, null if it could not be asked. */
    async run(signal?: AbortSignal): Promise<OwnerChange | null> {
        const {db, now, random} = this.runtime;
        const {owner} = await db.read(readDevice);
        const asked = now();
        const reply = await exchange(this.runtime, "v1/session/", {}, signal);
        const body = typeof reply === "string" || !reply.ours || reply.status !== 200 ? null : parsed(reply);
        if (!isSession(body)) return this.miss(reply);
        this.token = body.csrf_token;
        const isVisitor = !body.authenticated && body.owner !== null;
        const moment = {now: (asked + now()) / 2, random};
        const change = await this.confirm(body.owner, owner, (tx) => noteContact(tx, body, moment, {isRevoked: false}), isVisitor);
        this.announceReached("server");
        // Another page has learned something else meanwhile, and nobody can tell which of the answers is the later one.
        return change ?? this.run(signal);
    }

    /**
     * The server has named the owner, here or in the answer to a delivery. `first` happens in the same transaction. If
     * the device is no longer that of whom it was `sentFor`, this is old news, and null is returned.
     */
    async confirm(
        owner: string | null, sentFor: string, first: (tx: WriteTx) => Promise<Announcement[]>, isVisitor = false,
    ): Promise<OwnerChange | null> {
        const [told, change] = await this.runtime.db.write(async (tx) => {
            const isOld = sentFor !== (await readDevice(tx)).owner;
            const before = await first(tx);
            if (isOld) return [before, null] as const;
            await this.settle?.(tx, owner ?? "");
            return [before, await confirmOwner(tx, owner ?? "", isVisitor)] as const;
        });
        if (change) {
            if (!this.runtime.isConfirmed) this.confirmed?.(owner ?? "");
            this.runtime.isConfirmed = true;
        }
        this.runtime.announce(...told, ...(change ? announcements(change) : []));
        return change;
    }

    /** A CSRF token, null if none is to be had. The cookie first: it follows every rotation. */
    async csrfToken(signal?: AbortSignal): Promise<string | null> {
        return (await this.runtime.csrfCookie()) ?? this.token ?? this.freshToken(signal);
    }

    /** The same without asking the server, for a page that is going away. */
    get knownToken(): string | null {
        return this.token;
    }

    async freshToken(signal?: AbortSignal): Promise<string | null> {
        return (await this.run(signal)) ? this.token : null;
    }

    private async miss(reply: Reply | Silence): Promise<null> {
        if (reply === "aborted") return null;
        const {db, now, random} = this.runtime;
        const delay = typeof reply === "string" ? null : rest(reply, now());
        await db.write((tx) => (delay === null ? backOff(tx, {now: now(), random}) : changeDevice(tx, {not_before: now() + delay})));
        this.announceReached(typeof reply === "string" ? "nobody" : reply.ours ? "server" : "stranger");
        return null;
    }

    private announceReached(reached: Reached): void {
        this.runtime.announce({type: "reached", reached});
    }
}

function announcements({changed, blocked, released}: OwnerChange): Announcement[] {
    const told: Announcement[] = blocked.map((item) => ({type: "blocked", item: news(item)}));
    if (changed) told.push({type: "owner"});
    if (changed || blocked.length || released.length) told.push({type: "change"});
    return told;
}

function isSession(body: unknown): body is Session {
    return isObject(body) && body["bgsync"] === 1 && typeof body["authenticated"] === "boolean";
}
