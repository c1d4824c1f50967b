import type {Runtime} from "../shared/context/runtime";
import {Announcer, type Announcement} from "../shared/outbox/messages";
import {Outbox} from "../shared/outbox/outbox";
import {uuid4} from "../shared/vocabulary/identity";
import {Bgsync, eventOf} from "./api";
import {readConfig, readCookie} from "./config";
import {Connection} from "./connection";
import type {Core, Engine, Feeds, Pending} from "./core";
import {watchLogoutForms} from "./logout-forms";
import {PageDatabase} from "./page-database";
import {PartLoader, type FetchPart} from "./part-loader";
import {Receipts} from "./receipts";
import {WorkerRegistration} from "./registration";
import {defineStatusElement} from "./status-element";
import {Triggers} from "./triggers";
import {Unsent} from "./unsent";

declare global {
    interface Document {
        readonly prerendering?: boolean;
    }
}

/** Everything a page does for the outbox. `texts` is what the site's template says, as data attributes. */
export function start(texts: DOMStringMap, fetchPart: FetchPart): Bgsync {
    const config = readConfig(texts);
    const csrfCookie = () => readCookie(config.csrfCookie);
    const announcer = new Announcer(hear);
    // A message from a page is the end of those that the browser keeps, stopped, with their channel open.
    const db = new PageDatabase(() => runtime.announce({type: "change"}));
    const runtime: Runtime = {
        config,
        context: "page",
        instance: uuid4(),
        version: "",
        appVersion: config.appVersion,
        db,
        locks: (navigator as {locks?: LockManager}).locks,
        fetch: (url, init) => fetch(url, init),
        csrfCookie: async () => csrfCookie(),
        announce: (...announcements) => announcer.announce(...announcements),
        now: () => Date.now(),
        random: () => Math.random(),
        isConfirmed: false,
        timeout: 30_000,
    };
    const listeners = new Set<(announcement: Announcement) => void>();
    const outbox = new Outbox(runtime.db, runtime.now);
    const receipts = new Receipts(outbox, async (id, isAwaited) => (await engine()).resultOf(id, isAwaited));
    const unsent = new Unsent();
    const registration = new WorkerRegistration(runtime, config.worker, engine);
    const triggers = new Triggers(runtime, registration, engine);
    const reach = new Connection((connection) => bgsync.dispatchEvent(new CustomEvent("connection", {detail: {connection}})));
    const activated = activation();
    const bgsync = new Bgsync({
        runtime, outbox, receipts, triggers, unsent, engine, feeds, reach, activated,
    });
    const core: Core = {
        runtime, outbox, unsent, registration, api: bgsync,
        listen: (listener) => void listeners.add(listener),
        part: (name) => parts.load(name),
    };
    const parts = new PartLoader(core, fetchPart);
    let running: Engine | null = null;

    async function engine(): Promise<Engine> {
        const loaded = await parts.load("engine").catch((error: unknown) => {
            reach.hear("nobody");
            throw error;
        });
        // What was asked for before has not been answered.
        if (!running) receipts.lookAgain();
        return (running = loaded);
    }

    async function feeds(): Promise<Feeds> {
        await activated;
        return parts.load("feeds");
    }

    function hear(announcement: Announcement): void {
        if (announcement.type === "reached") reach.hear(announcement.reached);
        for (const part of [receipts, unsent]) part.hear(announcement);
        for (const listener of listeners) listener(announcement);
        const event = eventOf(announcement);
        if (event) bgsync.dispatchEvent(event);
    }

    function leave({persisted}: PageTransitionEvent): void {
        // Also where a sync event has been asked for: the page may be gone before the browser has heard of it.
        if (unsent.items.length && !registration.handOver()) running?.leave(csrfCookie());
        const isAtRest = !persisted || db.stop();
        if (isAtRest) announcer.close();  // an open channel keeps the page out of the back/forward cache
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
    watchLogoutForms((pending) => bgsync.logout({pending: pending as Pending}));
    void activated.then(async () => {
        announcer.open();
        reach.start();
        addEventListener("pagehide", leave);
        addEventListener("pageshow", comeBack);
        await scripts();
        void registration.start();
        triggers.start();
        if (document.querySelector("[data-bgsync-inspector]")) await parts.load("inspector").catch(() => undefined);
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
