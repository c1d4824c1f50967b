import {expiry} from "../../shared/context/expiry";
import type {Runtime} from "../../shared/context/runtime";
import type {SessionCheck} from "../../shared/context/session";
import type {Flusher} from "../../shared/flushing/flusher";
import {news} from "../../shared/outbox/messages";
import {insert, newItem} from "../../shared/outbox/outbox";
import {settleCaptured} from "../../shared/outbox/ownership";
import {CAPTURED, captured, isOpen, laneOf} from "../../shared/rows/captured";
import {changeDevice, readDevice, type Device} from "../../shared/rows/device";
import {mintId} from "../../shared/rows/items";
import type {StoredItem} from "../../shared/rows/schema";
import {TooLargeError} from "../../shared/vocabulary/errors";
import {nextBrowserTag} from "../../shared/vocabulary/synctags";
import type {FetchEvent, WorkerScope} from "../../worker/scope";
import {bodyFile, describe} from "./copy";
import {match, type Pattern} from "./patterns";

/** So long a request waits for those before it: the page has nothing to show meanwhile. */
const PATIENCE = 4_000;
/** And so long for the outbox, which some browsers let hang: a request must not hang with it. */
const STORAGE_PATIENCE = 3_000;

/** Under which name, and as whose, a request goes out the first time, and later if it has to. */
interface Stamp {
    id: string;
    owner: string;
    client: string;
}

/** Requests of the site's pages: sent at once, and kept in the outbox where nobody answers. */
export class Capture {
    /** Pages that have been told whose session theirs is, as far as this start of the worker knows. */
    private readonly confirmed = new Set<string>();

    constructor(
        private readonly scope: WorkerScope,
        private readonly runtime: Runtime,
        private readonly session: SessionCheck,
        private readonly flusher: Flusher,
        private readonly patterns: readonly Pattern[],
    ) {}

    patternOf(request: Request): Pattern | null {
        return match(this.patterns, request, this.runtime.config.base);
    }

    /** The site's answer, or ours that the request is kept. Rejects as `fetch` does where it could not be. */
    async handle(event: FetchEvent, pattern: Pattern): Promise<Response> {
        const {request, clientId} = event;
        const stamp = await Promise.race([this.stamp(), giveUp()]).catch(() => null);
        // Nothing can be stored here: then nothing is promised either.
        if (!stamp) return this.scope.fetch(request);
        if (this.scope.navigator.onLine === false || (await this.isHeld(stamp.owner, pattern))) {
            return this.keep(request, clientId, stamp, pattern, false);
        }
        const copy = request.clone();
        try {
            return await this.complete(await this.try(request, copy.clone(), stamp));
        } catch (error) {
            if (await this.isCalledOff(event)) throw error;
            return this.keep(copy, clientId, stamp, pattern, true).catch(() => {
                throw error;
            });
        }
    }

    /** A page has learned whose session it is: what was kept of it before then is this owner's. */
    async confirm(page: string, owner: string): Promise<void> {
        this.confirmed.add(page);
        const released = await this.runtime.db.write((tx) => settleCaptured(tx, owner, page));
        if (released.length) this.runtime.announce({type: "change"});
    }

    private stamp(): Promise<Stamp> {
        const {db, now} = this.runtime;
        return db.write(async (tx) => {
            const device = await readDevice(tx);
            const id = mintId(device, now(), "");
            await changeDevice(tx, {last_id: id});
            return {id, owner: device.owner, client: device.client};
        });
    }

    /** Whether earlier ones still wait, after a try to send them: this one must not overtake them. */
    private async isHeld(owner: string, {source}: Pattern): Promise<boolean> {
        const isWaiting = () => this.runtime.db.read(async (tx) => (
            (await captured(tx, owner)).some((item) => item.lane === laneOf(source) && isOpen(item))
        ));
        if (!(await isWaiting())) return false;
        await this.flusher.insist({trigger: "manual", signal: expiry(PATIENCE)});
        return isWaiting();
    }

    private async try(request: Request, copy: Request, stamp: Stamp): Promise<Response> {
        const response = await this.scope.fetch(stamped(request, stamp));
        if (response.status !== 409 || !(await isWrongOwner(response))) return response;
        // Somebody has signed in or out since we were last told; nothing has run. The page's session is the one that counts.
        if (!(await this.session.run())) return response;
        stamp.owner = (await this.runtime.db.read(readDevice)).owner;
        return this.scope.fetch(stamped(copy, stamp));
    }

    /** An answer of our server counts when all of it is here: else the page would have to ask again, under another key. */
    private async complete(response: Response): Promise<Response> {
        if (response.headers.get("X-BGSync") !== "1") return response;
        const text = await response.clone().text();
        const isJson = /^application\/([\w.]+\+)?json\b/.test(response.headers.get("Content-Type") ?? "");
        if (isJson && text) JSON.parse(text);
        return response;
    }

    /** The page has changed its mind. One that is gone has not: what its user did goes on. */
    private async isCalledOff({request, clientId}: FetchEvent): Promise<boolean> {
        return request.signal.aborted && Boolean(await this.scope.clients.get(clientId));
    }

    private async keep(request: Request, page: string, stamp: Stamp, pattern: Pattern, wasTried: boolean): Promise<Response> {
        const described = describe(request, this.runtime.config.csrfHeader, pattern.verdict);
        const body = bodyFile(await request.arrayBuffer(), request.headers.get("Content-Type") ?? "");
        const payload = {method: described.method, path: described.path};
        const item = await this.runtime.db.write(async (tx) => {
            const device = await readDevice(tx);
            checkSize(body?.size ?? 0, device);
            const files = body ? [body] : [];
            return insert(tx, newItem(stamp.id, device, {
                tag: CAPTURED, lane: laneOf(pattern.source), payload, bytes: JSON.stringify(payload).length, request: described,
                owner: stamp.owner, ...(!this.confirmed.has(page) && {provisional: page}),
                uncertain: wasTried, send_count: wasTried ? 1 : 0, files,
            }, this.runtime.now()), files);
        });
        this.runtime.announce({type: "queued", item: news(item)}, {type: "change"});
        await this.arm().catch(() => undefined);
        return queued(item);
    }

    /** There is a page, so the browser lets a worker ask to be woken. Not where it did so already, and has failed. */
    private async arm(): Promise<void> {
        const {failed_tags} = await this.runtime.db.read(readDevice);
        const tag = nextBrowserTag(CAPTURED, failed_tags, false);
        if (tag) await this.scope.registration.sync?.register(tag);
    }
}

function stamped(request: Request, {id, owner, client}: Stamp): Request {
    const headers = new Headers(request.headers);
    if (!headers.has("Idempotency-Key")) headers.set("Idempotency-Key", `"${id}"`);
    headers.set("BGSync-Client", client);
    if (owner) headers.set("BGSync-Owner", owner);
    // A `no-cors` request (a beacon, say) could not carry them.
    return new Request(request, {headers, ...(request.mode === "no-cors" && {mode: "same-origin"})});
}

function giveUp(): Promise<null> {
    return new Promise((resolve) => setTimeout(() => resolve(null), STORAGE_PATIENCE));
}

async function isWrongOwner(response: Response): Promise<boolean> {
    if (response.headers.get("X-BGSync") !== "1") return false;
    const body: unknown = await response.clone().json().catch(() => null);
    return (body as {code?: unknown} | null)?.code === "wrong_owner";
}

function checkSize(size: number, {limits}: Device): void {
    if (size > limits.max_file_bytes) throw new TooLargeError("A body has", size, limits.max_file_bytes);
}

function queued({id}: StoredItem): Response {
    const headers = {"Content-Type": "application/json", "X-BGSync": "queued", "Cache-Control": "no-store"};
    return new Response(JSON.stringify({bgsync: 1, id, state: "queued"}), {status: 202, headers});
}
