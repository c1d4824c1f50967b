import {isWorkerMessage} from "../../shared/outbox/messages";
import {Replay} from "../../shared/requests/replay";
import {plugIn} from "../../worker/core";
import {Capture} from "./capture";
import {readPatterns} from "./patterns";

plugIn(({scope, runtime, session, flusher, project}, {capture = []}) => {
    const requests = new Capture(scope, runtime, session, flusher, readPatterns(capture));
    runtime.replay = (...flush) => new Replay(runtime, ...flush).run();
    project.waits = true;
    scope.addEventListener("message", (event) => {
        const {data, source} = event;
        if (source && isWorkerMessage(data) && data.type === "confirmed") event.waitUntil(requests.confirm(source.id, data.owner));
    });
    scope.addEventListener("fetch", (event) => {
        const pattern = requests.patternOf(event.request);
        if (pattern) event.respondWith(requests.handle(event, pattern));
    });
});
