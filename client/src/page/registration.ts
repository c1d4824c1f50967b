import type {Runtime} from "../shared/context/runtime";
import type {WorkerMessage} from "../shared/outbox/messages";
import {readDevice} from "../shared/rows/device";
import type {Capabilities} from "../shared/vocabulary/protocol";
import {PREFIX} from "../shared/vocabulary/synctags";
import type {PageConfig} from "./config";
import type {Engine} from "./core";
import {activated, comesFrom, findWorker} from "./worker-search";

/** Not in TypeScript's library. */
export interface SyncManager {
    register(tag: string): Promise<void>;
    getTags(): Promise<string[]>;
}

export type SyncRegistration = ServiceWorkerRegistration & {sync?: SyncManager};

interface Known {
    worker: Capabilities["worker"];
    /** Null until a tag has been registered, or refused, in earnest. */
    sync: Capabilities["sync"] | null;
}

const REFUSALS: Record<string, Capabilities["sync"]> = {NotAllowedError: "denied", UnknownError: "disabled"};

/** Our service worker at the site's scope, and the browser's promise to wake it. */
export class WorkerRegistration {
    readonly known: Known = {worker: "none", sync: null};
    /** Called when what is known has changed. */
    changed: () => unknown = () => undefined;
    private starting: Promise<SyncRegistration | null> | null = null;
    private ours: SyncRegistration | null = null;

    constructor(
        private readonly runtime: Runtime,
        private readonly worker: PageConfig["worker"],
        private readonly engine: () => Promise<Engine>,
    ) {}

    /** Register the worker, unless the site has another one at that scope. Resolves with the registration if it is ours. */
    start(): Promise<SyncRegistration | null> {
        return (this.starting ??= this.find());
    }

    private async find(): Promise<SyncRegistration | null> {
        const found = await findWorker(this.worker, this.runtime.config.base).catch((error: unknown) => {
            console.warn("django-bgsync: no service worker.", error);
            return null;
        });
        if (!found) return null;
        const isOurs = comesFrom(found, (script) => script.startsWith(this.runtime.config.base)) || (await this.recognize(found));
        if (isOurs) this.ours = found;
        if (isOurs !== null) this.known.worker = isOurs ? "ours" : "foreign";
        return this.ours;
    }

    /** Null if that cannot be told now: it is looked at again then. */
    private async recognize(found: SyncRegistration): Promise<boolean | null> {
        try {
            return await (await this.engine()).recognize(found, this.worker!.url);
        } catch {
            this.starting = null;
            return null;
        }
    }

    /** Ask the browser to wake the worker for this tag, as soon as there is a network. */
    async arm(tag: string): Promise<void> {
        const sync = await this.sync();
        if (!sync) return;
        const {failed_tags} = await this.runtime.db.read(readDevice);
        // Which one is next is then a longer story.
        if (failed_tags.length) await (await this.engine()).arm([tag]);
        else await this.register(sync, PREFIX + tag);
    }

    /** That `sync` is there says nothing: WebView, Electron and Brave have it and refuse. */
    async register(sync: SyncManager, browserTag: string): Promise<void> {
        const before = this.known.sync;
        this.known.sync = await sync.register(browserTag).then(
            () => "granted",
            (error: Error) => REFUSALS[error.name] ?? "unsupported",
        );
        if (this.known.sync !== before) await this.changed();
    }

    /** Of our active worker, if the browser has it and does not refuse. */
    async sync(): Promise<SyncManager | undefined> {
        const ours = await this.start();
        // `navigator.serviceWorker.ready` would wait for ever where the install fails.
        const registration = ours && (await activated(ours));
        const hasRefused = this.known.sync === "denied" || this.known.sync === "disabled";
        return registration?.active && !hasRefused ? registration.sync : undefined;
    }

    /** Have the worker flush in our stead. False if there is none. */
    handOver(): boolean {
        const worker = this.ours?.active;
        worker?.postMessage({bgsync: 1, type: "flush"} satisfies WorkerMessage);
        return Boolean(worker);
    }
}
