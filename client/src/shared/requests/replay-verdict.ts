import type {StoredRequest} from "../rows/captured";
import {retryAfter} from "../vocabulary/backoff";
import type {Json, Result} from "../vocabulary/protocol";
import {isObject, parsed, type Reply} from "../vocabulary/verdict";

/** What the answer to a captured request says of it. */
export type Outcome =
    | {kind: "verdict"; result: Result}
    /** `delay`: milliseconds the server asked for. */
    | {kind: "later"; code: string; delay: number | null}
    /** Somebody else is signed in, or nobody, or the CSRF token is not the session's. */
    | {kind: "denied"; isRevoked: boolean}
    /** `owner`: whose session it is. */
    | {kind: "wrong_owner"; owner: unknown};

const PASSING = new Set([408, 425, 429]);
const DENIED = new Set([401, 403]);
/** Characters of an answer that is kept for whoever asks how the item ended. */
const KEPT = 16_384;

/** By the contract's table: without our header an answer counts only where the pattern says that its status is enough. */
export function judgeReplay(id: string, {verdict}: Pick<StoredRequest, "verdict">, reply: Reply, now: number): Outcome {
    const {status, ours} = reply;
    const said = ours ? parsed(reply) : null;
    const code = codeOf(reply, said);
    if (isObject(said) && code === "wrong_owner") return {kind: "wrong_owner", owner: said["owner"]};
    if (ours ? status === 401 : DENIED.has(status)) return {kind: "denied", isRevoked: code === "client_revoked"};
    const isDone = status >= 200 && status < 300;
    const isRefused = status >= 400 && status < 500 && !PASSING.has(status) && code !== "in_flight";
    const counts = ours || verdict === "status";
    if (counts && isDone) return {kind: "verdict", result: done(id, reply)};
    if (counts && isRefused) return {kind: "verdict", result: refused(id, code, reply)};
    return {kind: "later", code, delay: retryAfter(reply.retryAfter, now)};
}

/** Our own code where the answer has one; a redirect is not followed, and has no status. */
function codeOf({status}: Reply, said: unknown): string {
    if (isObject(said) && typeof said["code"] === "string" && status >= 400) return said["code"];
    return status ? `http_${status}` : "redirected";
}

function done(id: string, reply: Reply): Result {
    return {...BLANK, id, status: "applied", disposition: "done", code: "ok", result: {status: reply.status, body: body(reply)}};
}

function refused(id: string, code: string, reply: Reply): Result {
    const said = body(reply);
    const detail = isObject(said) && typeof said["detail"] === "string" ? said["detail"] : "";
    const problem = {status: reply.status, detail, errors: detail ? null : said};
    return {...BLANK, id, status: reply.status === 409 ? "conflict" : "rejected", disposition: "park", code, problem};
}

function body(reply: Reply): Json {
    return reply.text.length > KEPT ? null : (parsed(reply) as Json);
}

const BLANK = {replayed: false, result: null, retry_after: null, problem: null} as const;
