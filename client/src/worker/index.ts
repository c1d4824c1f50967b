import {Database} from "../shared/database";
import {configure, type Options} from "../shared/configuration";
import {changeDevice} from "../shared/device";
import {Flusher} from "../shared/flusher";
import {uuid4} from "../shared/identity";
import {Announcer, isWorkerMessage} from "../shared/messages";
import type {Runtime} from "../shared/runtime";
import {SessionCheck} from "../shared/session";
import {itemTag} from "../shared/synctags";
import {SyncEvents, type SyncCall} from "./sync-events";

interface WorkerConfig {
    base: string;
    csrfCookie: string;
    csrfHeader: string;
    maxAge: number;
    /** False when imported into a project's own worker, which decides about its lifecycle itself. */
    lifecycle: boolean;
    version: string;
}

/** `bgsync` for the project's own code in the worker. */
export interface WorkerApi {
    configure(options: Options): void;
}

declare const self: ServiceWorkerGlobalScope & {__bgsync: WorkerConfig; bgsync?: WorkerApi};

const config = self.__bgsync;
const announcer = new Announcer(() => undefined);
const runtime: Runtime = {
    config: {...config, base: new URL(config.base, self.location.origin).href},
    context: "worker",
    instance: uuid4(),
    version: config.version,
    appVersion: "",
    db: new Database(),
    locks: self.navigator.locks,
    fetch: (url, init) => self.fetch(url, init),
    csrfCookie: async () => (await self.cookieStore?.get(config.csrfCookie))?.value ?? null,
    announce: (...announcements) => announcer.announce(...announcements),
    now: () => Date.now(),
    random: () => Math.random(),
    timeout: 60_000,
};
const events = new SyncEvents(runtime, new Flusher(runtime, new SessionCheck(runtime)));

announcer.open();
self.bgsync = {configure: (options) => configure(runtime, options)};

self.addEventListener("sync", (event) => {
    const sync = event as ExtendableEvent & SyncCall;
    if (itemTag(sync.tag) !== null) sync.waitUntil(events.handle(sync));
});

self.addEventListener("message", (event) => {
    if (isWorkerMessage(event.data)) event.waitUntil(events.flush());
});

if (config.lifecycle) {
    // Safe without a fetch handler: no page gets its resources from us.
    self.addEventListener("install", (event) => event.waitUntil(self.skipWaiting()));
    self.addEventListener("activate", (event) => event.waitUntil(activate()));
}

async function activate(): Promise<void> {
    await self.clients.claim();
    await runtime.db.write((tx) => changeDevice(tx, {worker_version: config.version}));
}
