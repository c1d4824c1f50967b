import {Bgsync, eventOf} from "../../../src/page/api";
import {Connection} from "../../../src/page/connection";
import {Receipts} from "../../../src/page/receipts";
import {Unsent} from "../../../src/page/unsent";
import type {Announcement} from "../../../src/shared/outbox/messages";
import {FakeContext} from "./device";
import {withTriggers} from "./page";

/** `window.bgsync` as page/index.ts puts it together, over the fakes. */
export async function opened(): Promise<[Bgsync, FakeContext, Connection]> {
    const device = await new FakeContext().signedIn();
    const {runtime, outbox} = device;
    const {triggers, engine} = withTriggers(device, {dispatchEvent: (event) => bgsync.dispatchEvent(event)});
    const announce = runtime.announce;
    runtime.announce = (...announcements) => {
        announce(...announcements);
        announcements.forEach(hear);
    };
    const receipts = new Receipts(outbox, engine.resultOf);
    const unsent = new Unsent();
    const reach = new Connection(() => bgsync.dispatchEvent(new Event("connection")));
    const activated = Promise.resolve();
    const bgsync = new Bgsync({
        runtime, outbox, receipts, triggers, unsent, engine: () => Promise.resolve(engine), reach, activated,
        feeds: () => Promise.reject(new Error("not here")),
    });

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
