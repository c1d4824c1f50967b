import {Bgsync, eventOf} from "../../../src/page/api";
import {Connection} from "../../../src/page/connection";
import {LastFlush} from "../../../src/page/last-flush";
import {Persistence} from "../../../src/page/persistence";
import {Receipts} from "../../../src/page/receipts";
import type {WorkerRegistration} from "../../../src/page/registration";
import {Updates} from "../../../src/page/updates";
import type {Announcement} from "../../../src/shared/messages";
import {FakeContext} from "./device";
import {withTriggers} from "./page";

/** `window.bgsync` as page/index.ts puts it together, over the fakes. */
export async function opened(): Promise<[Bgsync, FakeContext, Connection]> {
    const device = await new FakeContext().signedIn();
    const {runtime, outbox, session} = device;
    const {triggers} = withTriggers(device);
    const announce = runtime.announce;
    runtime.announce = (...announcements) => {
        announce(...announcements);
        announcements.forEach(hear);
    };
    const receipts = new Receipts(runtime, outbox);
    const lastFlush = new LastFlush(runtime, session);
    const reach = new Connection(() => bgsync.dispatchEvent(new Event("connection")));
    const registration = {capabilities: async () => ({worker: "none"})} as unknown as WorkerRegistration;
    const activated = Promise.resolve();
    const {flusher} = device;
    const updates = new Updates(() => bgsync.dispatchEvent(new Event("update")));
    const persistence = new Persistence(async () => undefined);
    const parts = {runtime, outbox, session, receipts, triggers, flusher, lastFlush, persistence, registration, updates, reach, activated};
    const bgsync = new Bgsync(parts);

    function hear(announcement: Announcement): void {
        receipts.hear(announcement);
        const event = eventOf(announcement);
        if (event) bgsync.dispatchEvent(event);
    }

    reach.start();
    return [bgsync, device, reach];
}

/** Events as they come. */
export function record(bgsync: Bgsync, ...types: string[]): CustomEvent[] {
    const events: CustomEvent[] = [];
    for (const type of types) bgsync.addEventListener(type, (event) => events.push(event as CustomEvent));
    return events;
}
