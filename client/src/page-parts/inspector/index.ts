import type {Core} from "../../page/core";
import {Inspector} from "./inspector";

export {RELEASE as release} from "../../shared/vocabulary/release";

export function start(core: Core): void {
    for (const root of document.querySelectorAll<HTMLElement>("[data-bgsync-inspector]")) new Inspector(core, root).start();
}
