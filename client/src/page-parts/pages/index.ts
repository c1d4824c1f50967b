import type {Core, Pages} from "../../page/core";
import {expiry} from "../../shared/context/expiry";
import {keepPages} from "../../shared/pages/caches";
import {PAGES_PATIENCE} from "../../shared/pages/result-pages";

export {RELEASE as release} from "../../shared/vocabulary/release";

export function start({runtime}: Core): Pages {
    return {keep: (owner, paths) => keepPages(runtime, owner, paths, expiry(PAGES_PATIENCE))};
}
