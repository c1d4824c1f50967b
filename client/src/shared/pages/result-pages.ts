import type {Result} from "../vocabulary/protocol";
import {isObject} from "../vocabulary/verdict";

/** So long items wait for the pages that their results name. */
export const PAGES_PATIENCE = 20_000;

/** The paths that the server asks us to keep before these settle. */
export function pagesOf(results: readonly Result[]): string[] {
    return results.flatMap(({result}) => {
        const paths = isObject(result) ? result["cache"] : null;
        return Array.isArray(paths) ? paths.filter((path) => typeof path === "string") : [];
    });
}
