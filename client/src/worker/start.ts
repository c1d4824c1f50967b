import {webLock} from "../shared/context/lock";
import type {Runtime} from "../shared/context/runtime";
import {SessionCheck} from "../shared/context/session";
import {Flusher} from "../shared/flushing/flusher";
import {Announcer, isWorkerMessage, type Announcement, type WorkerReply} from "../shared/outbox/messages";
import {Database} from "../shared/rows/database";
import {changeDevice} from "../shared/rows/device";
import {uuid4} from "../shared/vocabulary/identity";
import {itemTag} from "../shared/vocabulary/synctags";
import type {WorkerConfig} from "./core";
import {Project, type WorkerApi} from "./project";
import type {WorkerScope} from "./scope";
import {SyncEvents} from "./sync-events";

/** Listen to what the browser and the pages want of the worker. Must run in the first turn of its script. */
export function startWorker(self: WorkerScope, config: WorkerConfig): WorkerApi {
    const listeners = new Set<(announcement: Announcement) => void>();
    const announcer = new Announcer((announcement) => listeners.forEach((listener) => listener(announcement)));
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
        isConfirmed: false,
        timeout: 60_000,
    };
    const session = new SessionCheck(runtime);
    const flusher = new Flusher(runtime, session, webLock(self.navigator.locks));
    const events = new SyncEvents(runtime, flusher);
    const project = new Project(runtime);
    const listen = (listener: (announcement: Announcement) => void) => void listeners.add(listener);

    announcer.open();
    for (const start of config.parts ?? []) start({scope: self, runtime, session, flusher, project, listen}, config);

    self.addEventListener("sync", (event) => {
        const handler = project.syncHandlers.get(event.tag);
        if (handler) event.waitUntil(Promise.resolve(handler(event)));
        else if (itemTag(event.tag) !== null) event.waitUntil(events.handle(event));
    });

    self.addEventListener("periodicsync", (event) => {
        const handler = project.periodicSyncHandlers.get(event.tag);
        if (handler) event.waitUntil(Promise.resolve(handler(event)));
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
        // Nobody waits for it: pages are let in when a worker is active, and somebody may hold the outbox up.
        void runtime.db.write((tx) => changeDevice(tx, {worker_version: config.version})).catch(() => undefined);
    }

    return project.api;
}
