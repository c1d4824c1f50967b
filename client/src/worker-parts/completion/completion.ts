import type {Cause} from "../../shared/context/cause";
import type {Runtime} from "../../shared/context/runtime";
import type {Flusher} from "../../shared/flushing/flusher";
import {isWorkerMessage} from "../../shared/outbox/messages";
import {keepPagesOf, pagesOf} from "../../shared/pages/result-pages";
import {readDevice} from "../../shared/rows/device";
import {inState} from "../../shared/rows/items";
import {askDelay} from "../../shared/vocabulary/backoff";
import type {WorkerPart} from "../../worker/core";
import {Notices} from "./notices";

/** So long a worker asks for what the server has accepted; then the browser is to wake it again. */
const PATIENCE = 60_000;

/** What happens when an item has ended: pages to be kept, and a notification. */
export const completion: WorkerPart = ({scope, runtime, session, flusher, listen}, {scope: site}) => {
    const notices = new Notices(scope, site ?? "/");
    runtime.keepPages = async (owner, results) => {
        const paths = pagesOf(results);
        if (paths.length) await keepPagesOf(runtime, session, owner, paths).catch(() => undefined);
    };
    runtime.linger = async (tag, cause) => {
        const isOpen = await linger(runtime, flusher, tag, cause);
        await notices.shown();
        return isOpen;
    };
    listen((announcement) => notices.hear(announcement));
    scope.addEventListener("message", (event) => {
        // From a page in the background, which has settled the item itself.
        const {data} = event;
        if (isWorkerMessage(data) && data.type === "notify") event.waitUntil(notices.show(data.id, data.notify));
    });
    scope.addEventListener("notificationclick", (event) => {
        if (notices.isOurs(event.notification)) event.waitUntil(notices.follow(event.notification));
    });
};

/** Whether somebody is still to be notified of an item of this tag that the server holds. */
async function linger(runtime: Runtime, flusher: Flusher, tag: string, cause: Cause & {signal: AbortSignal}): Promise<boolean> {
    const isAwaited = () => runtime.db.read(async (tx) => {
        const accepted = await inState(tx, (await readDevice(tx)).owner, "accepted");
        return accepted.some((item) => item.tag === tag && item.notify);
    });
    const end = runtime.now() + PATIENCE;
    for (let asked = 0; await isAwaited(); asked += 1) {
        const wait = askDelay(asked);
        if (cause.signal.aborted || runtime.now() + wait > end) return true;
        await new Promise((resume) => setTimeout(resume, wait));
        await flusher.insist({...cause, asks: true});
    }
    return false;
}
