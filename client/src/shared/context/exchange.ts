import {readDevice} from "../rows/device";
import type {Reply} from "../vocabulary/verdict";
import {withinBase} from "./config";
import {joined} from "./configuration";
import type {Runtime} from "./runtime";

/** Nobody answered, the answer took too long, or the caller gave up. */
export type Silence = "offline" | "timeout" | "aborted";

/** Names the client; a request that has it already spares a look into the outbox. */
export const CLIENT = "BGSync-Client";

/** One request to our own API; `said` follows the client's id. Never follows a redirect: a login page must not look like an answer. */
export async function exchange(
    runtime: Runtime, path: string, init: RequestInit, signal?: AbortSignal, moreTime = 0, said = "",
): Promise<Reply | Silence> {
    const ours = init.headers as Record<string, string> | undefined;
    const client = ours?.[CLIENT] ?? (await runtime.db.read(readDevice)).client;
    const limit = new AbortController();
    const giveUp = () => limit.abort();
    const timer = setTimeout(giveUp, runtime.timeout + moreTime);
    signal?.addEventListener("abort", giveUp);
    try {
        signal?.throwIfAborted();
        const theirs = await Promise.race([runtime.headers?.(), aborted(limit.signal)]);
        const full = requestInit(client + said, {...init, signal: limit.signal}, theirs);
        return await read(await runtime.fetch(withinBase(runtime.config, path), full));
    } catch {
        if (signal?.aborted) return "aborted";
        return limit.signal.aborted ? "timeout" : "offline";
    } finally {
        clearTimeout(timer);
        signal?.removeEventListener("abort", giveUp);
    }
}

/** What every request of ours has, and what the project adds. */
export function requestInit(client: string, init: RequestInit, theirs?: HeadersInit): RequestInit {
    const ours = {...(init.headers as Record<string, string>), "X-BGSync": "1", [CLIENT]: client};
    return {...init, headers: joined(theirs, ours), cache: "no-store", credentials: "same-origin", redirect: "manual"};
}

export async function read(response: Response): Promise<Reply> {
    const type = response.headers.get("Content-Type") ?? "";
    return {
        status: response.status,
        ours: response.headers.get("X-BGSync") === "1",
        json: /^application\/(problem\+)?json\b/.test(type),
        retryAfter: response.headers.get("Retry-After"),
        text: await response.text(),
    };
}

function aborted(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => signal.addEventListener("abort", reject));
}
