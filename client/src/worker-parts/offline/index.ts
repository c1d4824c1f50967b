import {plugIn} from "../../worker/core";
import type {WorkerScope} from "../../worker/scope";
import {Offline} from "./offline";
import {Precache} from "./precache";

plugIn(({scope, runtime, project}, {precache}) => {
    const kept = new Precache(runtime, precache ?? {version: "", urls: [], offline: null});
    const offline = new Offline(scope, runtime, kept);
    // Pages that are open have resources of the worker before: it is theirs until they say so.
    project.waits = true;
    scope.addEventListener("install", (event) => event.waitUntil(kept.fill()));
    scope.addEventListener("activate", (event) => event.waitUntil(Promise.all([
        // Pages wait until we are active, and must not wait for the network.
        kept.dropOthers().then(() => void kept.mend().catch(() => undefined)),
        // While the worker starts, the page is on its way already.
        canPreload(scope) ? scope.registration.navigationPreload?.enable() : undefined,
    ])));
    scope.addEventListener("fetch", (event) => {
        if (offline.isPage(event.request)) event.respondWith(offline.page(event));
        else if (kept.has(event.request)) event.respondWith(offline.asset(event));
    });
});

/** Where a preload fails, Firefox (153) shows its own error page, whatever the worker answers. */
function canPreload({navigator}: WorkerScope): boolean {
    return !/firefox/i.test(navigator.userAgent ?? "");
}
