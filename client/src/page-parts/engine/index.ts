import type {Core, Engine} from "../../page/core";
import type {WorkerRegistration} from "../../page/registration";
import {activated} from "../../page/worker-search";
import {attempt} from "../../shared/context/attempts";
import {SessionCheck} from "../../shared/context/session";
import {Flusher} from "../../shared/flushing/flusher";
import type {ItemNews, WorkerMessage} from "../../shared/outbox/messages";
import {settleProvisional} from "../../shared/outbox/ownership";
import {pagesOf} from "../../shared/pages/result-pages";
import {hasCaptured} from "../../shared/rows/captured";
import {backOff, readDevice} from "../../shared/rows/device";
import {promised} from "../../shared/rows/promised";
import {Arming} from "./arming";
import {clear, discard, retry} from "./choices";
import {exported} from "./export";
import {Inquiry} from "./inquiry";
import {LastFlush} from "./last-flush";
import {logout} from "./logout";
import {offer} from "./offer";
import {pageLock} from "./page-lock";
import {Persistence} from "./persistence";
import {hasOurs} from "./recognition";
import {Schedule} from "./schedule";
import {Survey} from "./survey";
import {Updates} from "./updates";

export {RELEASE as release} from "../../shared/vocabulary/release";

export function start(core: Core): Engine {
    const {runtime, outbox, unsent, registration, api, listen} = core;
    const session = new SessionCheck(
        runtime, (tx, owner) => settleProvisional(tx, owner, runtime.instance), (owner) => void tell(registration, {bgsync: 1, type: "confirmed", owner}),
    );
    const lock = pageLock(runtime);
    const flusher = new Flusher(runtime, session, lock);
    const schedule = new Schedule(runtime, session, (cause) => offer(flusher, lock, cause));
    const lastFlush = new LastFlush(runtime, session, unsent);
    const arming = new Arming(runtime, registration);
    const survey = new Survey(runtime, registration);
    const persistence = new Persistence(() => survey.remember());
    const inquiry = new Inquiry(runtime);
    const updates = new Updates(() => api.dispatchEvent(new Event("update")));
    listen((announcement) => {
        schedule.hear(announcement);
        lastFlush.hear(announcement);
        if (announcement.type === "feed") api.dispatchEvent(new CustomEvent("feed", {detail: {name: announcement.name}}));
        if (announcement.type === "settled" && announcement.result.status === "applied") void notify(registration, announcement.item);
    });
    lend(core, session);
    void survey.remember().catch(() => undefined);  // no storage: no worker will ask for it either
    void attempt(async () => {
        const ours = await registration.start();
        if (!ours) return;
        updates.watch(ours);
        // It became active while this page was being loaded: browsers leave such pages out when a worker claims its own.
        await activated(ours);
        if (!navigator.serviceWorker.controller) await tell(registration, {bgsync: 1, type: "claim"});
    });
    // Feeds are kept up to date by every page, not only by those that show them.
    void attempt(async () => (await runtime.db.read((tx) => promised(tx.objectStore("feeds").count()))) && core.part("feeds"));
    registration.changed = () => survey.remember();
    return {
        confirm: () => schedule.confirm(),
        flush: (trigger) => {
            if (trigger === "enqueue") void persistence.ask().catch(() => undefined);
            return schedule.flush(trigger);
        },
        resume: (trigger) => {
            if (trigger !== "timer") void attempt(() => arming.rearm());
            return schedule.resume(trigger);
        },
        arm: (tags) => arming.arm(tags),
        resultOf: (id, isAwaited) => inquiry.resultOf(id, isAwaited),
        leave: (csrfCookie) => lastFlush.run(csrfCookie ?? session.knownToken),
        retry: (id) => retry(runtime, id),
        discard: (id) => discard(runtime, id),
        clear: (everything) => clear(runtime, everything),
        export: () => exported(runtime, outbox),
        logout: (pending) => logout(runtime, outbox, flusher, pending),
        capabilities: () => survey.capabilities(),
        recognize: (found, url) => hasOurs(found, url, runtime.config.base),
        update: () => updates.apply(),
    };
}

/** What a flush takes from other parts, only where there is work for them. */
function lend({runtime, part}: Core, session: SessionCheck): void {
    runtime.replay = async (...flush) => {
        if (!(await runtime.db.read(async (tx) => hasCaptured(tx, (await readDevice(tx)).owner)))) return "drained";
        // Without it the requests wait, as they do without a connection.
        const requests = await part("requests").catch(() => null);
        if (requests) return requests.replay(...flush);
        await runtime.db.write((tx) => backOff(tx, {now: runtime.now(), random: runtime.random}));
        return "failed";
    };
    runtime.keepPages = async (owner, results) => {
        const paths = pagesOf(results);
        if (paths.length) await part("pages").then((pages) => pages.keep(session, owner, paths)).catch(() => undefined);
    };
}

/** Of an item that was settled while nobody looks at this page, the worker says so. */
async function notify(registration: WorkerRegistration, {id, notify}: ItemNews): Promise<void> {
    if (notify && document.hidden) await tell(registration, {bgsync: 1, type: "notify", id, notify});
}

async function tell(registration: WorkerRegistration, message: WorkerMessage): Promise<void> {
    (await registration.start())?.active?.postMessage(message);
}
