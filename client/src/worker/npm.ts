import {completion} from "../worker-parts/completion/completion";
import {feeds} from "../worker-parts/feeds/feeds";
import type {WorkerConfig} from "./core";
import type {WorkerApi} from "./project";
import type {WorkerScope} from "./scope";
import {startWorker} from "./start";

export type {HeaderSource} from "../shared/context/configuration";
export type {PeriodicSyncHandler, SyncHandler, WorkerApi, WorkerOptions} from "./project";
export type {PeriodicSyncEvent, SyncEvent} from "./scope";

declare const self: WorkerScope & {bgsync?: WorkerApi};

/** What a site has named otherwise than Django and our documentation do. */
export interface Site {
    /** Where the package's URLs are mounted. */
    base?: string;
    csrfCookie?: string;
    csrfHeader?: string;
}

const config: WorkerConfig = {
    base: "/bgsync/",
    csrfCookie: "csrftoken",
    csrfHeader: "X-CSRFToken",
    maxAge: 30 * 24 * 3_600_000,
    lifecycle: false,
    version: "npm",
    parts: [completion, feeds],
};

/** The worker's life cycle stays that of the worker this is built into. */
export const bgsync: WorkerApi = (self.bgsync ??= startWorker(self, config));

export function configureSite({base = config.base, ...names}: Site): void {
    Object.assign(config, names, {base: new URL(base, self.location.origin).href});
}
