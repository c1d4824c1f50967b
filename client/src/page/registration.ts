import {isPast} from "../shared/batch";
import {changeDevice, readDevice} from "../shared/device";
import type {WorkerMessage} from "../shared/messages";
import type {Capabilities} from "../shared/protocol";
import type {Runtime} from "../shared/runtime";
import {nextBrowserTag, PAUSE} from "../shared/synctags";
import type {PageConfig} from "./config";
import {permission, survey} from "./survey";
import type {Updates} from "./updates";
import {activated, findWorker} from "./worker-search";

/** Not in TypeScript's library. */
interface SyncManager {
    register(tag: string): Promise<void>;
    getTags(): Promise<string[]>;
}

type SyncRegistration = ServiceWorkerRegistration & {sync?: SyncManager};

const FORECASTS: Record<string, Capabilities["sync"]> = {granted: "granted", prompt: "granted", denied: "denied"};
const REFUSALS: Record<string, Capabilities["sync"]> = {NotAllowedError: "denied", UnknownError: "disabled"};

/** Our service worker at the site's scope, and the browser's promise to wake it. */
export class WorkerRegistration {
    private starting: Promise<void> | null = null;
    private registration: SyncRegistration | null = null;
    private readonly known: Pick<Capabilities, "worker" | "sync"> = {worker: "none", sync: "unsupported"};

    constructor(
        private readonly runtime: Runtime, private readonly worker: PageConfig["worker"], private readonly updates: Updates,
    ) {}

    start(): Promise<void> {
        return (this.starting ??= this.prepare());
    }

    /** Register the worker, unless the site has another one at that scope. */
    private async prepare(): Promise<void> {
        try {
            const {registration, isForeign} = await findWorker(this.worker, this.runtime.config.base);
            if (isForeign) this.known.worker = "foreign";
            else if (registration) this.take(registration);
        } catch (error) {
            console.warn("django-bgsync: no service worker, items are sent while a page is open.", error);
        }
        // Until a tag has been registered, or refused, in earnest.
        if (this.registration?.sync) this.known.sync = FORECASTS[await permission("background-sync")] ?? "unsupported";
        await this.remember().catch(() => undefined);  // no storage: no worker will ask for it either
    }

    private take(registration: SyncRegistration): void {
        this.registration = registration;
        this.known.worker = "ours";
        this.updates.watch(registration);
    }

    async capabilities(): Promise<Capabilities & {pendingSyncTags: string[]}> {
        await this.starting;
        const pendingSyncTags = (await this.registration?.sync?.getTags()) ?? [];
        return {...this.known, ...(await survey(this.runtime.locks)), pendingSyncTags};
    }

    /** For the worker, which cannot find out by itself. */
    async remember(): Promise<void> {
        const capabilities = {...this.known, ...(await survey(this.runtime.locks))};
        const {appVersion} = this.runtime;
        await this.runtime.db.write((tx) => changeDevice(tx, {capabilities, ...(appVersion && {app_version: appVersion})}));
    }

    /** Ask the browser to wake the worker for these tags, as soon as there is a network. */
    async arm(tags: Iterable<string>): Promise<void> {
        const sync = (await this.active())?.sync;
        if (!sync || REFUSED.has(this.known.sync)) return;
        const failed = await this.failedTags(sync);
        const {failed_at} = await this.runtime.db.read(readDevice);
        // Without a network the browser holds the new tag, and fires it when there is one again.
        const mayFollow = !navigator.onLine || isPast(failed_at + PAUSE, this.runtime.now());
        const before = this.known.sync;
        for (const tag of tags) {
            const browserTag = nextBrowserTag(tag, failed, mayFollow);
            if (browserTag) this.known.sync = await granted(sync, browserTag);
        }
        if (this.known.sync !== before) await this.remember();
    }

    /** Have the worker flush in our stead. False if there is none. */
    handOver(): boolean {
        const worker = this.registration?.active;
        worker?.postMessage({bgsync: 1, type: "flush"} satisfies WorkerMessage);
        return Boolean(worker);
    }

    /** `navigator.serviceWorker.ready` would wait for ever where the install fails. */
    private async active(): Promise<SyncRegistration | null> {
        await this.starting;
        const registration = this.registration && (await activated(this.registration));
        return registration?.active ? registration : null;
    }

    /** Those of our tags that wait after a failed event; what the browser has forgotten is free again. */
    private async failedTags(sync: SyncManager): Promise<string[]> {
        const {failed_tags} = await this.runtime.db.read(readDevice);
        if (!failed_tags.length) return [];
        const pending = await sync.getTags();
        const waiting = failed_tags.filter((tag) => pending.includes(tag));
        if (waiting.length < failed_tags.length) {
            await this.runtime.db.write((tx) => changeDevice(tx, {failed_tags: waiting}));
        }
        return waiting;
    }
}

const REFUSED = new Set<Capabilities["sync"]>(["denied", "disabled"]);

/** That `sync` is there says nothing: WebView, Electron and Brave have it and refuse. */
async function granted(sync: SyncManager, tag: string): Promise<Capabilities["sync"]> {
    try {
        await sync.register(tag);
        return "granted";
    } catch (error) {
        return REFUSALS[(error as Error).name] ?? "unsupported";
    }
}
