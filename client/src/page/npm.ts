import * as engine from "../page-parts/engine/index";
import * as feeds from "../page-parts/feeds/index";
import * as pages from "../page-parts/pages/index";
import * as requests from "../page-parts/requests/index";
import type {Bgsync} from "./api";
import {start} from "./start";

export type {Bgsync, Filter, Receipt} from "./api";
export type {Feed, FeedContent, Periodic, PeriodicOptions, PeriodicRegistration, PeriodicState} from "./core";
export type {ConnectionState} from "./connection";
export type {Export, ExportedFile, LoggedOut, Pending} from "./core";
export type {EnqueueOptions} from "./draft";
export type {Item} from "./item";
export type {HeaderSource, Options} from "../shared/context/configuration";
export type {PullEnding} from "../shared/feeds/pull";
export * from "../shared/vocabulary/errors";
export type {Counts} from "../shared/rows/items";
export type {Capabilities, FeedItem, Json, Result} from "../shared/vocabulary/protocol";
export type {ItemState, Settlement} from "../shared/rows/schema";

declare global {
    interface Window {
        bgsync?: Bgsync;
    }
}

const PARTS = {engine, feeds, pages, requests};

/** The one on the page already, or one for what `<meta name="bgsync">` says of the site. */
export const bgsync: Bgsync = (window.bgsync ??= start(
    document.querySelector<HTMLMetaElement>('meta[name="bgsync"]')?.dataset ?? {},
    (name) => Promise.resolve(PARTS[name as keyof typeof PARTS]),
));
