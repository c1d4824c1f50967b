import type {Core, Requests} from "../../page/core";
import {Replay} from "../../shared/requests/replay";

export {RELEASE as release} from "../../shared/vocabulary/release";

export function start({runtime}: Core): Requests {
    return {replay: (...flush) => new Replay(runtime, ...flush).run()};
}
