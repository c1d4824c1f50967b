import {Database} from "../shared/database";
import {Flusher} from "../shared/flusher";
import {uuid4} from "../shared/identity";
import {Announcer, type Announcement} from "../shared/messages";
import {Outbox} from "../shared/outbox";
import type {Runtime} from "../shared/runtime";
import {SessionCheck} from "../shared/session";
import {Bgsync, eventOf} from "./api";
import {readConfig, readCookie} from "./config";
import {Connection} from "./connection";
import {LastFlush} from "./last-flush";
import {watchLogoutForms} from "./logout";
import {Persistence} from "./persistence";
import {Receipts} from "./receipts";
import {WorkerRegistration} from "./registration";
import {defineStatusElement} from "./status-element";
import {Triggers} from "./triggers";
import {Updates} from "./updates";

declare global {
    interface Document {
        readonly prerendering?: boolean;
    }
}

/** Everything a page does for the outbox. `texts` is what the site's template says, as data attributes. */
export function start(texts: DOMStringMap): Bgsync {
    const config = readConfig(texts);
    const csrfCookie = () => readCookie(config.csrfCookie);
    const announcer = new Announcer(hear);
    const runtime: Runtime = {
        config,
        context: "page",
        instance: uuid4(),
        version: "",
        appVersion: config.appVersion,
        db: new Database(),
        locks: (navigator as {locks?: LockManager}).locks,
        fetch: (url, init) => fetch(url, init),
        csrfCookie: async () => csrfCookie(),
        announce: (...announcements) => announcer.announce(...announcements),
        now: () => Date.now(),
        random: () => Math.random(),
        timeout: 30_000,
    };
    const session = new SessionCheck(runtime, runtime.instance);
    const outbox = new Outbox(runtime.db, runtime.now);
    const receipts = new Receipts(runtime, outbox);
    const updates = new Updates(() => bgsync.dispatchEvent(new Event("update")));
    const registration = new WorkerRegistration(runtime, config.worker, updates);
    const flusher = new Flusher(runtime, session);
    const persistence = new Persistence(() => registration.remember());
    const triggers = new Triggers(runtime, session, flusher, registration);
    const lastFlush = new LastFlush(runtime, session);
    const reach = new Connection(() => bgsync.dispatchEvent(connectionEvent(bgsync)));
    const activated = activation();
    const parts = {runtime, outbox, session, receipts, triggers, flusher, lastFlush, persistence, registration, updates, reach, activated};
    const bgsync = new Bgsync(parts);

    function hear(announcement: Announcement): void {
        if (announcement.type === "reached") reach.hear(announcement.reached);
        for (const part of [receipts, triggers, lastFlush]) part.hear(announcement);
        const event = eventOf(announcement);
        if (event) bgsync.dispatchEvent(event);
    }

    function leave(): void {
        // Also where a sync event has been asked for: the page may be gone before the browser has heard of it.
        if (!lastFlush.isNeedless && !registration.handOver()) lastFlush.run(csrfCookie() ?? session.knownToken);
        announcer.close();  // an open channel keeps the page out of the back/forward cache
    }

    function comeBack({persisted}: PageTransitionEvent): void {
        if (!persisted) return;
        announcer.open();
        // What happened meanwhile was not heard, a change of owner included.
        hear({type: "owner"});
        hear({type: "change"});
        triggers.ask("visible");
    }

    defineStatusElement(bgsync);
    watchLogoutForms((pending) => bgsync.logout({pending}));
    void activated.then(async () => {
        announcer.open();
        reach.start();
        addEventListener("pagehide", leave);
        addEventListener("pageshow", comeBack);
        await scripts();
        void registration.start();
        triggers.start();
    });
    return bgsync;
}

/** A prerendered page may never be shown: until it is, nothing runs. */
function activation(): Promise<void> {
    if (!document.prerendering) return Promise.resolve();
    return new Promise((resolve) => document.addEventListener("prerenderingchange", () => resolve(), {once: true}));
}

/** Deferred scripts and modules have run by then: what they configure is there when the server is first asked. */
function scripts(): Promise<unknown> {
    if (document.readyState === "complete") return Promise.resolve();
    const ready = (target: EventTarget, type: string) => new Promise((resolve) => target.addEventListener(type, resolve, {once: true}));
    // A script that was added later may have missed the first.
    return Promise.race([ready(document, "DOMContentLoaded"), ready(window, "load")]);
}

function connectionEvent(bgsync: Bgsync): Event {
    return new CustomEvent("connection", {detail: {connection: bgsync.connection}});
}
