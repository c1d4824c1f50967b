import {retryAfter} from "./backoff";
import type {Answer, Limits, Problem, Result} from "./protocol";

/** What came back, before anybody has judged it. */
export interface Reply {
    status: number;
    ours: boolean;
    json: boolean;
    retryAfter: string | null;
    text: string;
}

/** How one delivery ended. Only `answer` says anything about an item. */
export type Verdict =
    | {kind: "answer"; answer: Answer}
    | {kind: "blocked"; isRevoked: boolean}
    | {kind: "wrong_owner"; owner: string | null | undefined}
    | {kind: "csrf_failed"}
    | {kind: "busy"; delay: number; ours: boolean}
    | {kind: "refused"; code: string; divisible: boolean; limits: Limits | undefined}
    | {kind: "unreachable"; code: string; divisible: boolean}
    | {kind: "offline"}
    | {kind: "aborted"};

/**
 * Our header and our JSON and a result for every id that was sent, or nothing is known: a captive portal answers 200 too,
 * and a proxy's 4xx is no reason to give up what the user wrote.
 */
export function judge(reply: Reply, sent: readonly string[], now: number): Verdict {
    const {status} = reply;
    const body = reply.ours ? parsed(reply) : null;
    if (status === 200 && isAnswer(body) && isComplete(body, sent)) return {kind: "answer", answer: body};
    const delay = rest(reply, now);
    if (delay !== null) return {kind: "busy", delay, ours: reply.ours};
    return isProblem(body) ? refusal(status, body) : unreachable(status);
}

/** Milliseconds for which whoever answered wants to be left alone, null if they do not say. */
export function rest({status, retryAfter: header}: Reply, now: number): number | null {
    return status === 429 || status === 503 ? retryAfter(header, now) : null;
}

export function isResult(value: unknown): value is Result {
    return isObject(value) && typeof value["id"] === "string" && typeof value["disposition"] === "string";
}

export function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The body as JSON, if it is some. */
export function parsed({json, text}: Reply): unknown {
    if (!json) return null;
    try {
        return JSON.parse(text) as unknown;
    } catch {
        return null;
    }
}

function refusal(status: number, {code, owner, limits}: Problem): Verdict {
    if (status === 401) return {kind: "blocked", isRevoked: code === "client_revoked"};
    if (status === 409 && code === "wrong_owner") return {kind: "wrong_owner", owner};
    if (status === 403 && code === "csrf_failed") return {kind: "csrf_failed"};
    return {kind: "refused", code, divisible: status === 400 || status === 413, limits};
}

function unreachable(status: number): Verdict {
    return {kind: "unreachable", code: status ? `http_${status}` : "redirected", divisible: status === 413};
}

function isAnswer(body: unknown): body is Answer {
    return isObject(body) && body["bgsync"] === 1 && isOwner(body["owner"])
        && isResults(body["results"]) && isResults(body["settled"] ?? []);
}

function isResults(value: unknown): value is Result[] {
    return Array.isArray(value) && value.every(isResult);
}

function isOwner(value: unknown): value is string | null {
    return value === null || typeof value === "string";
}

function isComplete({results}: Answer, sent: readonly string[]): boolean {
    const answered = new Set(results.map(({id}) => id));
    return sent.every((id) => answered.has(id));
}

function isProblem(body: unknown): body is Problem {
    return isObject(body) && typeof body["code"] === "string";
}
