import type {Disposition, Envelope, Result} from "../../../src/shared/vocabulary/protocol";

export interface Call {
    url: string;
    init: RequestInit;
    headers: Record<string, string>;
    envelope: Envelope;
}

type Reply = Response | Error | "hang" | undefined;

const DISPOSITIONS: Record<Result["status"], Disposition> = {
    applied: "done", accepted: "wait", rejected: "park", conflict: "park", expired: "park", deferred: "retry",
};

/** A server that applies everything, unless a test has something else to say. */
export class FakeServer {
    owner: string | null = "A";
    /** Nobody is signed in: the owner is the visitor that the client is. */
    isVisitor = false;
    /** The visitor whom the owner has been. */
    before: string | null = null;
    token = "token";
    clock: () => number;
    /** Asked for each delivery; undefined leaves the answer to the server. */
    deliveries: (call: Call, number: number) => Reply | Promise<Reply> = () => undefined;
    /** Asked for each request outside of our API. */
    requests: (call: Call, number: number) => Reply | Promise<Reply> = () => json({id: 7}, {status: 201});
    sessions: (call: Call) => Reply = () => undefined;
    /** Asked for each page of a feed. */
    feeds: (call: Call) => Reply = () => problem(404, "unknown_feed");
    settled: Result[] = [];
    readonly calls: Call[] = [];

    constructor(clock: () => number = Date.now) {
        this.clock = clock;
    }

    get envelopes(): Envelope[] {
        return this.calls.filter((call) => call.envelope).map((call) => call.envelope);
    }

    /** Ids of every delivery, in order. */
    get sent(): string[][] {
        return this.envelopes.map((envelope) => envelope.items.map((item) => item.id));
    }

    readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
        const headers = named(new Headers(init.headers));
        if (!url.includes("/bgsync/")) return this.pass({url, init, headers, envelope: undefined as unknown as Envelope});
        const text = init.body instanceof FormData ? init.body.get("envelope") : init.body;
        const envelope = (text ? JSON.parse(text as string) : undefined) as Envelope;
        const call = {url, init, headers, envelope};
        this.calls.push(call);
        const reply = envelope ? await this.deliveries(call, this.envelopes.length) : this.read(call);
        if (reply === "hang") return hang(init.signal!);
        if (reply instanceof Error) throw reply;
        return reply ?? (envelope ? this.receive(call) : json(this.session()));
    };

    /** Requests outside of our API. */
    readonly passed: Call[] = [];

    private async pass(call: Call): Promise<Response> {
        this.passed.push(call);
        const reply = await this.requests(call, this.passed.length);
        if (reply === "hang") return hang(call.init.signal!);
        if (reply instanceof Error) throw reply;
        return reply!;
    }

    answer(results: Result[]) {
        return {...this.common(), delivery: "d", results, settled: this.settled};
    }

    private read(call: Call): Reply {
        return call.url.startsWith(`${BASE}v1/feeds/`) ? this.feeds(call) : this.sessions(call);
    }

    private receive({envelope, headers}: Call): Response {
        if (headers["X-CSRFToken"] !== this.token) return problem(403, "csrf_failed");
        if (this.owner === null) return problem(401, "not_authenticated");
        if (envelope.owner !== this.owner && envelope.owner !== this.before) return problem(409, "wrong_owner", {owner: this.owner});
        return json(this.answer(envelope.items.map(({id}) => result(id))));
    }

    private session() {
        return {...this.common(), authenticated: this.owner !== null && !this.isVisitor, csrf_token: this.token, tags: [], feeds: []};
    }

    private common() {
        const limits = {max_items: 100, max_bytes: 1_048_576, max_item_bytes: 262_144};
        return {bgsync: 1, owner: this.owner, server_time: new Date(this.clock()).toISOString(), limits};
    }
}

const BASE = "https://site.test/bgsync/";
const NAMES = ["X-CSRFToken", "X-BGSync", "BGSync-Client", "BGSync-Owner", "Content-Type", "Authorization", "Idempotency-Key"];

/** As they were written: `Headers` knows small letters only. */
function named(headers: Headers): Record<string, string> {
    const names = new Map(NAMES.map((name) => [name.toLowerCase(), name]));
    return Object.fromEntries([...headers].map(([name, value]) => [names.get(name) ?? name, value]));
}

export function result(id: string, status: Result["status"] = "applied", more: Partial<Result> = {}): Result {
    return {
        id, status, disposition: DISPOSITIONS[status], code: status === "applied" ? "ok" : status,
        replayed: false, result: null, retry_after: null, problem: null, ...more,
    };
}

export function json(body: unknown, init: ResponseInit = {}): Response {
    const headers = {"Content-Type": "application/json", "X-BGSync": "1", ...(init.headers as Record<string, string>)};
    return new Response(JSON.stringify(body), {...init, headers});
}

export function problem(status: number, code: string, more: object = {}, retryAfter?: string): Response {
    const headers = {
        "Content-Type": "application/problem+json", ...(retryAfter !== undefined && {"Retry-After": retryAfter}),
    };
    return json({status, code, ...more}, {status, headers});
}

export function page(status = 200, html = "<!doctype html><title>Welcome to our hotel</title>"): Response {
    return new Response(html, {status, headers: {"Content-Type": "text/html"}});
}

export const NO_NETWORK = new TypeError("Failed to fetch");

function hang(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
        if (signal.aborted) reject(signal.reason as Error);
        signal.addEventListener("abort", () => reject(signal.reason as Error));
    });
}
