import type {Bgsync} from "./api";
import {start} from "./start";

declare global {
    interface Window {
        bgsync?: Bgsync;
    }
}

// A second tag on the page would run everything twice.
window.bgsync ??= start(document.currentScript?.dataset ?? {});
