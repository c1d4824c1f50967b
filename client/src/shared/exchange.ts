import {withinBase} from "./config";
import {joined} from "./configuration";
import {readDevice} from "./device";
import type {Runtime} from "./runtime";
import type {Reply} from "./verdict";

/** Nobody answered, the answer took too long, or the caller gave up. */
export type Silence = "offline" | "timeout" | "aborted";

/** One request to our own API. Never follows a redirect: a login page must not look like an answer. */
export async function exchange(
    runtime: Runtime, path: string, init: RequestInit, signal?: AbortSignal, moreTime = 0,
): Promise<Reply | Silence> {
    const {client} = await runtime.db.read(readDevice);
    const limit = new AbortController();
    const giveUp = () => limit.abort();
    const timer = setTimeout(giveUp, runtime.timeout + moreTime);
    signal?.addEventListener("abort", giveUp);
    try {
        signal?.throwIfAborted();
        const theirs = await Promise.race([runtime.headers?.(), aborted(limit.signal)]);
        const full = requestInit(client, {...init, signal: limit.signal}, theirs);
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
    const ours = {...(init.headers as Record<string, string>), "X-BGSync": "1", "BGSync-Client": client};
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
