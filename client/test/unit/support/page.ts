import {vi} from "vitest";

import type {Core, Engine} from "../../../src/page/core";
import type {SyncManager, WorkerRegistration} from "../../../src/page/registration";
import {Triggers} from "../../../src/page/triggers";
import {Unsent} from "../../../src/page/unsent";
import {start} from "../../../src/page-parts/engine/index";
import type {Announcement} from "../../../src/shared/outbox/messages";
import {FakeContext} from "./device";

/** The parts of a browser page that our code listens to. */
export class FakePage {
    readonly document = Object.assign(new EventTarget(), {visibilityState: "visible", documentElement: {lang: "en"}});
    readonly window = new EventTarget();

    constructor() {
        vi.stubGlobal("document", this.document);
        vi.stubGlobal("navigator", {onLine: true});
        vi.stubGlobal("addEventListener", this.window.addEventListener.bind(this.window));
        vi.stubGlobal("removeEventListener", this.window.removeEventListener.bind(this.window));
    }

    dispatch(type: "online" | "offline" | "visible" | "hidden"): void {
        if (type === "online" || type === "offline") this.window.dispatchEvent(new Event(type));
        else {
            this.document.visibilityState = type;
            this.document.dispatchEvent(new Event("visibilitychange"));
        }
    }
}

/** Of a page without a worker of ours, which may yet wake one. */
class FakeWorkerRegistration {
    readonly known = {worker: "none", sync: null};
    changed = () => undefined;

    constructor(private readonly manager?: SyncManager) {}

    start = () => Promise.resolve(null);
    sync = () => Promise.resolve(this.manager);
    register = (sync: SyncManager, tag: string) => sync.register(tag);
    arm = (tag: string) => Promise.resolve(this.manager?.register(tag));
}

/** A page's triggers, and the tags they have had registered. */
export function withTriggers(device: FakeContext, api: Pick<EventTarget, "dispatchEvent"> = new EventTarget(), part: unknown = undefined): {triggers: Triggers; engine: Engine; armed: string[][]} {
    const armed: string[][] = [];
    const sync = {getTags: async () => [], register: async (tag: string) => void armed.push([tag.replace("bgsync:", "")])};
    const registration = new FakeWorkerRegistration(sync) as unknown as WorkerRegistration;
    const {engine} = withEngine(device, registration, api, part);
    const triggers = new Triggers(device.runtime, registration, () => Promise.resolve(engine));
    return {triggers, engine, armed};
}

/** A page's engine, which hears what is announced. */
export function withEngine(
    {runtime, outbox}: FakeContext, registration = new FakeWorkerRegistration() as unknown as WorkerRegistration,
    api: Pick<EventTarget, "dispatchEvent"> = new EventTarget(), part: unknown = undefined,
): {engine: Engine} {
    const unsent = new Unsent();
    const listen = (listener: (announcement: Announcement) => void) => {
        const announce = runtime.announce;
        runtime.announce = (...announcements) => {
            announce(...announcements);
            for (const announcement of announcements) {
                unsent.hear(announcement);
                listener(announcement);
            }
        };
    };
    const engine = start({runtime, outbox, unsent, registration, api, listen, part} as unknown as Core);
    return {engine};
}

/** Wait for what happens without timers; a test that waits in vain fails by its own time limit. */
export async function until(condition: () => unknown): Promise<void> {
    while (!(await condition())) await new Promise((resume) => setImmediate(resume));
}

/** Let everything that does not wait for a timer come to its end. */
export async function settle(): Promise<void> {
    for (let i = 0; i < 200; i += 1) await new Promise((resume) => setImmediate(resume));
}
