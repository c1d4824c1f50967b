import {exchange} from "../../shared/context/exchange";
import type {Runtime} from "../../shared/context/runtime";
import {readDevice} from "../../shared/rows/device";
import {verdictHere} from "../../shared/rows/results";
import {askDelay} from "../../shared/vocabulary/backoff";
import type {Result} from "../../shared/vocabulary/protocol";
import {isObject, isResult, parsed} from "../../shared/vocabulary/verdict";

/** How items ended that are long gone from this device: only the server knows, now or when it can be reached. */
export class Inquiry {
    private readonly asking = new Map<string, Promise<Result | null>>();

    constructor(private readonly runtime: Runtime) {}

    /** Null if nobody waits for it any more. However often it is called, an item is asked for by one series of questions. */
    resultOf(id: string, isAwaited: () => boolean): Promise<Result | null> {
        const known = this.asking.get(id);
        if (known) return known;
        const result = ask(this.runtime, id, isAwaited).finally(() => this.asking.delete(id));
        this.asking.set(id, result);
        return result;
    }
}

async function ask(runtime: Runtime, id: string, isAwaited: () => boolean): Promise<Result | null> {
    for (let asked = 0; isAwaited(); asked += 1) {
        const result = await fetchResult(runtime, id);
        if (result === "unknown") return verdictHere(id, "unknown_item");
        if (result?.disposition === "done" || result?.disposition === "park") return result;
        await new Promise((resume) => setTimeout(resume, askDelay(asked)));
    }
    return null;
}

async function fetchResult(runtime: Runtime, id: string): Promise<Result | "unknown" | undefined> {
    const {owner} = await runtime.db.read(readDevice);
    const headers = owner ? {"BGSync-Owner": owner} : {};
    const reply = await exchange(runtime, `v1/items/?id=${encodeURIComponent(id)}`, {headers});
    if (typeof reply === "string" || !reply.ours || reply.status !== 200) return undefined;
    const body = parsed(reply);
    const results = isObject(body) && Array.isArray(body["results"]) ? body["results"].filter(isResult) : undefined;
    return results && (results.find((result) => result.id === id) ?? "unknown");
}
