import {vi} from "vitest";

import type {WorkerMessage, WorkerReply} from "../../../src/shared/outbox/messages";

/** A service worker as a page sees it. Without a reply it has nothing of ours. */
export class FakeWorker extends EventTarget {
    state: ServiceWorkerState = "activated";
    readonly heard: WorkerMessage[] = [];

    constructor(readonly scriptURL: string, public reply: Partial<WorkerReply> | null = null) {
        super();
    }

    readonly postMessage = vi.fn((message: WorkerMessage, [port]: MessagePort[] = []) => {
        this.heard.push(message);
        if (port && this.reply) port.postMessage({bgsync: 1, version: "v", waits: false, ...this.reply});
    });

    become(state: ServiceWorkerState): void {
        this.state = state;
        this.dispatchEvent(new Event("statechange"));
    }
}

export class FakeRegistration extends EventTarget {
    active: FakeWorker | null = null;
    waiting: FakeWorker | null = null;
    installing: FakeWorker | null = null;
    sync?: object;

    constructor(readonly scope: string, parts: Partial<Pick<FakeRegistration, "active" | "waiting" | "installing" | "sync">>) {
        super();
        Object.assign(this, parts);
    }

    /** A new worker comes and is installed. */
    install(worker: FakeWorker): void {
        worker.state = "installing";
        this.installing = worker;
        this.dispatchEvent(new Event("updatefound"));
        [this.installing, this.waiting] = [null, worker];
        worker.become("installed");
    }
}
