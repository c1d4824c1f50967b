import type {Bgsync} from "./api";
import type {PartModule} from "./core";
import {partAddress} from "./part-loader";
import {start} from "./start";

declare global {
    interface Window {
        bgsync?: Bgsync;
    }
}

const script = document.currentScript;

// A second tag on the page would run everything twice.
window.bgsync ??= start(script?.dataset ?? {}, async (name, retry) => (await import(partAddress(script, name, retry))) as PartModule);
