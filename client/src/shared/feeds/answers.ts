import type {Silence} from "../context/exchange";
import {retryAfter} from "../vocabulary/backoff";
import type {FeedPage, Problem} from "../vocabulary/protocol";
import {isObject, parsed, type Reply} from "../vocabulary/verdict";

/** What came of asking for one page. */
export type FeedAnswer =
    | {kind: "page"; page: FeedPage}
    /** Somebody has to sign in first, or may not read this. */
    | {kind: "blocked"; isRevoked: boolean}
    /** The site has no such feed any more. */
    | {kind: "unknown"}
    /** The feed does not know the cursor. */
    | {kind: "restart"}
    | {kind: "unreachable"; delay: number | null}
    | {kind: "aborted"};

/** Our header and our JSON, or nothing is known: what a captive portal answers is never stored. */
export function judgePage(reply: Reply | Silence, name: string, now: number): FeedAnswer {
    if (reply === "aborted") return {kind: reply};
    if (typeof reply === "string") return {kind: "unreachable", delay: null};
    const body = reply.ours ? parsed(reply) : null;
    if (reply.status === 200 && isPage(body, name)) return {kind: "page", page: body};
    const {code} = (isObject(body) ? body : {}) as Partial<Problem>;
    if (code === "unknown_feed") return {kind: "unknown"};
    if (code === "invalid_cursor") return {kind: "restart"};
    if (code && BLOCKED.has(reply.status)) return {kind: "blocked", isRevoked: code === "client_revoked"};
    return {kind: "unreachable", delay: retryAfter(reply.retryAfter, now)};
}

const BLOCKED = new Set([401, 403, 409]);

function isPage(body: unknown, name: string): body is FeedPage {
    return isObject(body) && body["bgsync"] === 1 && body["feed"] === name && typeof body["owner"] === "string"
        && (body["cursor"] === null || typeof body["cursor"] === "string") && typeof body["min_interval"] === "number"
        && ["items", "deleted", "cache"].every((member) => Array.isArray(body[member]))
        && (body["items"] as unknown[]).every((item) => isObject(item) && "id" in item);
}
