import type {WorkerMessage} from "../../shared/outbox/messages";
import {greet} from "./greeting";

/** A new worker that waits, since the pages that are open may have resources of the old one. */
export class Updates {
    private registration: ServiceWorkerRegistration | null = null;

    constructor(private readonly found: () => void) {}

    watch(registration: ServiceWorkerRegistration): void {
        this.registration = registration;
        if (registration.waiting) void this.look(registration.waiting);
        registration.addEventListener("updatefound", () => {
            const coming = registration.installing;
            coming?.addEventListener("statechange", () => {
                if (coming.state === "installed") void this.look(coming);
            });
        });
    }

    /** Switch to it. False if there is none of ours; it is up to the caller to load the pages anew. */
    async apply(): Promise<boolean> {
        const waiting = this.registration?.waiting;
        if (!waiting) return false;
        const switched = new Promise<boolean>((resolve) => {
            waiting.addEventListener("statechange", () => {
                if (waiting.state === "activated" || waiting.state === "redundant") resolve(waiting.state === "activated");
            });
        });
        if (!(await greet(waiting))) return false;
        waiting.postMessage({bgsync: 1, type: "update"} satisfies WorkerMessage);
        return switched;
    }

    /** Every new worker is installed for a moment; one that will not wait, or is not ours, is nobody's concern. */
    private async look(worker: ServiceWorker): Promise<void> {
        if (this.registration?.active && (await greet(worker))?.waits && worker.state === "installed") this.found();
    }
}
