import {configure, type Options} from "../shared/context/configuration";
import type {Runtime} from "../shared/context/runtime";
import type {PeriodicSyncEvent, SyncEvent} from "./scope";

export type SyncHandler = (event: SyncEvent) => unknown;

export type PeriodicSyncHandler = (event: PeriodicSyncEvent) => unknown;

export interface WorkerOptions extends Options {
    /** False for a worker with a fetch handler of the project's: a new one then waits for the page's `bgsync.update()`. */
    skipWaiting?: boolean;
}

/** `bgsync` in the worker, for the project's own code. */
export interface WorkerApi {
    configure(options: WorkerOptions): void;
    /** Run `handler` for one of the project's own browser tags; those of the outbox begin with `bgsync:`. */
    onSync(tag: string, handler: SyncHandler): void;
    /** The same for the project's own tags of periodic background sync. */
    onPeriodicSync(tag: string, handler: PeriodicSyncHandler): void;
}

/** What the project's own code in the worker has said. */
export class Project {
    readonly syncHandlers = new Map<string, SyncHandler>();
    readonly periodicSyncHandlers = new Map<string, PeriodicSyncHandler>();
    readonly api: WorkerApi;
    /** Whether a new worker leaves the pages that are open to the one before it. */
    waits = false;

    constructor(runtime: Runtime) {
        this.api = {
            configure: ({skipWaiting, ...options}) => {
                configure(runtime, options);
                if (skipWaiting !== undefined) this.waits = !skipWaiting;
            },
            onSync: (tag, handler) => void this.syncHandlers.set(tag, handler),
            onPeriodicSync: (tag, handler) => void this.periodicSyncHandlers.set(tag, handler),
        };
    }
}
