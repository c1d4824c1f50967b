import type {Bgsync} from "./api";
import {start} from "./start";

export type {Bgsync, Filter, Item, Receipt} from "./api";
export type {ConnectionState} from "./connection";
export type {EnqueueOptions} from "./draft";
export type {LoggedOut, Pending} from "./logout";
export type {HeaderSource, Options} from "../shared/configuration";
export * from "../shared/errors";
export type {Counts} from "../shared/items";
export type {Capabilities, Json, Result} from "../shared/protocol";
export type {ItemState, Settlement} from "../shared/schema";

declare global {
    interface Window {
        bgsync?: Bgsync;
    }
}

/** The one on the page already, or one for what `<meta name="bgsync">` says of the site. */
export const bgsync: Bgsync = (window.bgsync ??= start(
    document.querySelector<HTMLMetaElement>('meta[name="bgsync"]')?.dataset ?? {},
));
