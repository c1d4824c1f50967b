import type {Core, Pages} from "../../page/core";
import {keepPagesOf} from "../../shared/pages/result-pages";

export {RELEASE as release} from "../../shared/vocabulary/release";

export function start({runtime}: Core): Pages {
    return {keep: (session, owner, paths) => keepPagesOf(runtime, session, owner, paths)};
}
