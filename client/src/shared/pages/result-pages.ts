import {expiry} from "../context/expiry";
import type {Runtime} from "../context/runtime";
import type {SessionCheck} from "../context/session";
import {readDevice} from "../rows/device";
import type {Result} from "../vocabulary/protocol";
import {isObject} from "../vocabulary/verdict";
import {dropPages, keepPages} from "./caches";

/** So long items wait for the pages that their results name. */
const PATIENCE = 20_000;

/** The paths that the server asks us to keep before these settle. */
export function pagesOf(results: readonly Result[]): string[] {
    return results.flatMap(({result}) => {
        const paths = isObject(result) ? result["cache"] : null;
        return Array.isArray(paths) ? paths.filter((path) => typeof path === "string") : [];
    });
}

/** Keep these pages for this owner. None of them, if the session may have become somebody else's while they were fetched. */
export async function keepPagesOf(runtime: Runtime, session: SessionCheck, owner: string, paths: readonly string[]): Promise<void> {
    const signal = expiry(PATIENCE);
    const missed = await keepPages(runtime, owner, paths, signal);
    if (missed.length === paths.length) return;
    const isKnown = await session.run(signal);
    if (!isKnown || (await runtime.db.read(readDevice)).owner !== owner) await dropPages(runtime, owner, paths);
}
