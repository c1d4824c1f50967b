import {Database} from "../shared/database";
import {changeDevice} from "../shared/device";
import {Flusher} from "../shared/flusher";
import {uuid4} from "../shared/identity";
import {Announcer, isWorkerMessage, type WorkerReply} from "../shared/messages";
import type {Runtime} from "../shared/runtime";
import {SessionCheck} from "../shared/session";
import {itemTag} from "../shared/synctags";
import {Project, type WorkerApi} from "./project";
import type {WorkerScope} from "./scope";
import {SyncEvents} from "./sync-events";

export interface WorkerConfig {
    base: string;
    csrfCookie: string;
    csrfHeader: string;
    maxAge: number;
    /** False when imported into a project's own worker, which decides about its lifecycle itself. */
    lifecycle: boolean;
    version: string;
}

/** Listen to what the browser and the pages want of the worker. Must run in the first turn of its script. */
export function startWorker(self: WorkerScope, config: WorkerConfig): WorkerApi {
    const announcer = new Announcer(() => undefined);
    const runtime: Runtime = {
        config: Object.assign(config, {base: new URL(config.base, self.location.origin).href}),
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
    const project = new Project(runtime);

    announcer.open();

    self.addEventListener("sync", (event) => {
        const handler = project.syncHandlers.get(event.tag);
        if (handler) event.waitUntil(Promise.resolve(handler(event)));
        else if (itemTag(event.tag) !== null) event.waitUntil(events.handle(event));
    });

    self.addEventListener("message", (event) => {
        if (!isWorkerMessage(event.data)) return;
        const {type} = event.data;
        if (type === "flush") event.waitUntil(events.flush());
        if (type === "update") void self.skipWaiting();
        const reply: WorkerReply = {bgsync: 1, version: config.version, waits: project.waits};
        if (type === "hello") event.ports[0]?.postMessage(reply);
    });

    if (config.lifecycle) {
        // Safe as long as no page gets its resources from us.
        self.addEventListener("install", (event) => {
            if (!project.waits) event.waitUntil(self.skipWaiting());
        });
        self.addEventListener("activate", (event) => event.waitUntil(activate()));
    }

    async function activate(): Promise<void> {
        await self.clients.claim();
        await runtime.db.write((tx) => changeDevice(tx, {worker_version: config.version}));
    }

    return project.api;
}
