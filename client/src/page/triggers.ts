import {attempt} from "../shared/context/attempts";
import type {Runtime} from "../shared/context/runtime";
import {backoff} from "../shared/vocabulary/backoff";
import type {Trigger} from "../shared/vocabulary/protocol";
import type {Engine} from "./core";
import type {WorkerRegistration} from "./registration";

/** What makes a page flush. In browsers without background sync this is all there is. */
export class Triggers {
    private hasStarted = false;
    private failures = 0;
    private timer: ReturnType<typeof setTimeout> | undefined;

    constructor(
        private readonly runtime: Runtime,
        private readonly registration: WorkerRegistration,
        private readonly engine: () => Promise<Engine>,
    ) {}

    start(): void {
        this.hasStarted = true;
        addEventListener("online", () => this.resume("online"));
        document.addEventListener("visibilitychange", () => {
            if (document.visibilityState === "visible") this.resume("visible");
        });
        this.resume("load");
    }

    /** Ask again whose session it is: somebody may have signed in or out, and requests prove it in another way. */
    ask(trigger: Trigger = "login"): void {
        this.runtime.isConfirmed = false;
        if (this.hasStarted) void this.resume(trigger);
    }

    /** The user of this page has written something. */
    enqueued(tag: string): void {
        attempt(() => this.registration.arm(tag));
        void this.use((engine) => engine.flush("enqueue"));
    }

    /** Something has changed outside. Resolves when a flush has been tried. */
    resume(trigger: Trigger): Promise<void> {
        return this.use((engine) => engine.resume(trigger));
    }

    /** Without the engine the server is as far away as without a network, and is tried again like that. */
    private async use(work: (engine: Engine) => Promise<void>): Promise<void> {
        clearTimeout(this.timer);
        try {
            await work(await this.engine());
            this.failures = 0;
        } catch {
            this.failures += 1;
            this.timer = setTimeout(() => this.resume("timer"), backoff(this.failures, this.runtime.random));
        }
    }
}
