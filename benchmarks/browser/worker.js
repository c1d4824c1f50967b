// Workbox's Queue as its documentation shows it, told by the page when to fill and when to empty it.
import {Queue} from "workbox-background-sync";

// Without a browser tag for each request, which would only add to its time; and it empties when it is told to.
const queue = new Queue("peer", {forceSyncFallback: true, onSync: () => undefined});

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => event.waitUntil(answer(event)));

/** Tells the milliseconds that it took. */
async function answer({data: {work, items, headers}, ports: [port]}) {
    const started = performance.now();
    if (work === "fill") await fill(items, headers);
    else await queue.replayRequests();
    port.postMessage({milliseconds: performance.now() - started, left: await queue.size()});
}

async function fill(items, headers) {
    for (const item of items) {
        await queue.pushRequest({request: new Request("/peer/", {method: "POST", body: JSON.stringify(item), headers})});
    }
}
