import {vi} from "vitest";

import {Triggers} from "../../../src/page/triggers";
import type {WorkerRegistration} from "../../../src/page/registration";
import {FakeContext} from "./device";

/** The parts of a browser page that our code listens to. */
export class FakePage {
    readonly document = Object.assign(new EventTarget(), {visibilityState: "visible", documentElement: {lang: "en"}});
    readonly window = new EventTarget();

    constructor() {
        vi.stubGlobal("document", this.document);
        vi.stubGlobal("addEventListener", this.window.addEventListener.bind(this.window));
    }

    dispatch(type: "online" | "offline" | "visible" | "hidden"): void {
        if (type === "online" || type === "offline") this.window.dispatchEvent(new Event(type));
        else {
            this.document.visibilityState = type;
            this.document.dispatchEvent(new Event("visibilitychange"));
        }
    }
}

/** A page's triggers, and the tags they have had registered. */
export function withTriggers(device: FakeContext): {triggers: Triggers; armed: string[][]} {
    const armed: string[][] = [];
    const registration = {arm: (tags: Iterable<string>) => Promise.resolve(armed.push([...tags]))};
    const {runtime, session, flusher} = device;
    const triggers = new Triggers(runtime, session, flusher, registration as unknown as WorkerRegistration);
    const announce = runtime.announce;
    runtime.announce = (...announcements) => {
        announce(...announcements);
        for (const announcement of announcements) triggers.hear(announcement);
    };
    return {triggers, armed};
}

/** Wait for what happens without timers; a test that waits in vain fails by its own time limit. */
export async function until(condition: () => unknown): Promise<void> {
    while (!(await condition())) await new Promise((resume) => setImmediate(resume));
}

/** Let everything that does not wait for a timer come to its end. */
export async function settle(): Promise<void> {
    for (let i = 0; i < 200; i += 1) await new Promise((resume) => setImmediate(resume));
}
