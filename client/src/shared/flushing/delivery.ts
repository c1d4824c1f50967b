import type {Cause} from "../context/cause";
import {CLIENT, exchange} from "../context/exchange";
import type {Runtime} from "../context/runtime";
import type {SessionCheck} from "../context/session";
import {readDevice} from "../rows/device";
import {writeForm, type Attachment} from "../rows/files";
import {inState, reportOutbox} from "../rows/items";
import type {StoredItem, Tx} from "../rows/schema";
import type {Visitor} from "../rows/visitors";
import {MAX_AWAITING, PROTOCOL, type Capabilities, type Envelope, type WireItem} from "../vocabulary/protocol";
import {judge, type Verdict} from "../vocabulary/verdict";

/** Of a browser that no page has looked at. */
export const UNKNOWN: Capabilities = {
    worker: "none", sync: "unsupported", periodicSync: "unsupported", notifications: "unsupported", persisted: false, locks: false,
    embedded: false,
};

/** Bytes of a file per millisecond. */
export const SLOWEST = 16;
const LOOKED_AT = 1_000;
/** These leave no row on the server: there is never news of them. */
const ROWLESS = new Set(["expired", "id_too_old", "invalid_item", "too_large", "unstorable_payload"]);

/**
 * An owner's items whose news is still wanted, as far as one envelope can ask for them: those of the sender of `first`, if
 * something is sent. Where they are too many, others with each `turn`.
 */
export async function awaited(
    tx: Tx, owner: string, turn: number, overdue: StoredItem[], first?: StoredItem,
): Promise<StoredItem[]> {
    const accepted = await inState(tx, owner, "accepted", LOOKED_AT);
    const parked = (await inState(tx, owner, "parked", LOOKED_AT)).filter(({result}) => !ROWLESS.has(result?.code ?? ""));
    const all = [...overdue, ...accepted, ...parked].filter(({request}) => !request);
    const sender = (first ?? all[turn % all.length])?.visitor?.owner;
    const items = all.filter(({visitor}) => visitor?.owner === sender);
    const start = items.length > MAX_AWAITING ? (turn * MAX_AWAITING) % items.length : 0;
    return [...items.slice(start), ...items.slice(0, start)].slice(0, MAX_AWAITING);
}

export async function writeEnvelope(
    tx: Tx, {context, version, appVersion, now}: Pick<Runtime, "context" | "version" | "appVersion" | "now">, cause: Cause, items: WireItem[], awaiting: string[], visitor?: Visitor,
): Promise<Envelope> {
    const {client, owner, app_version, worker_version, capabilities} = await readDevice(tx);
    const outbox = await reportOutbox(tx, owner);
    return {
        protocol: PROTOCOL,
        owner: visitor?.owner ?? owner,
        client: {
            id: visitor?.client ?? client,
            app_version: appVersion || app_version,
            worker_version: version || worker_version,
            capabilities: {...UNKNOWN, ...capabilities},
            outbox,
        },
        trigger: cause.trigger,
        sync_tag: cause.syncTag ?? "",
        last_chance: cause.lastChance ?? false,
        context,
        sent_at: new Date(now()).toISOString(),
        items,
        awaiting,
    };
}

/** Send one envelope, with a fresh CSRF token if the first is refused. */
export async function deliver(
    runtime: Runtime, session: SessionCheck, envelope: Envelope, attached: Attachment[], signal?: AbortSignal,
): Promise<Verdict> {
    const verdict = await post(runtime, envelope, attached, await session.csrfToken(signal), signal);
    if (verdict.kind !== "csrf_failed") return verdict;
    return post(runtime, envelope, attached, await session.freshToken(signal), signal);
}

async function post(
    runtime: Runtime, envelope: Envelope, attached: Attachment[], token: string | null, signal?: AbortSignal,
): Promise<Verdict> {
    const headers = {[CLIENT]: envelope.client.id, ...(!attached.length && {"Content-Type": "application/json"}), ...(token && {[runtime.config.csrfHeader]: token})};
    const body = attached.length ? writeForm(envelope, attached) : JSON.stringify(envelope);
    const bytes = attached.reduce((sum, [, content]) => sum + content.size, 0);
    const reply = await exchange(runtime, "v1/deliveries/", {method: "POST", headers, body}, signal, bytes / SLOWEST);
    if (reply === "timeout") return {kind: "unreachable", code: reply, divisible: bytes > 0};
    if (typeof reply === "string") return {kind: reply};
    return judge(reply, envelope.items.map(({id}) => id), runtime.now());
}
