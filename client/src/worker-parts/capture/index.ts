import {isWorkerMessage} from "../../shared/outbox/messages";
import {Replay} from "../../shared/requests/replay";
import {plugIn} from "../../worker/core";
import {Capture} from "./capture";
import {readPatterns} from "./patterns";

plugIn(({scope, runtime, session, flusher, project}, {capture = [], lifecycle}) => {
    const requests = new Capture(scope, runtime, session, flusher, readPatterns(capture));
    runtime.replay = (...flush) => new Replay(runtime, ...flush).run();
    project.waits = true;
    scope.addEventListener("message", (event) => {
        const {data, source} = event;
        if (!source || !isWorkerMessage(data)) return;
        if (data.type === "confirmed") event.waitUntil(requests.confirm(source.id, data.owner));
        if (data.type === "claim" && lifecycle) event.waitUntil(scope.clients.claim());
    });
    scope.addEventListener("fetch", (event) => {
        const pattern = requests.patternOf(event.request);
        if (pattern) event.respondWith(requests.handle(event, pattern));
    });
});
