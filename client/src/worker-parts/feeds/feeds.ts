import {feedOf} from "../../shared/feeds/periodic-tags";
import type {WorkerPart} from "../../worker/core";
import {PeriodicEvents} from "./periodic-events";

/** Pulls feeds when the browser says that it is time, also without any page. */
export const feeds: WorkerPart = (core) => {
    const events = new PeriodicEvents(core);
    core.scope.addEventListener("periodicsync", (event) => {
        if (feedOf(event.tag) !== null) event.waitUntil(events.handle(event.tag));
    });
};
