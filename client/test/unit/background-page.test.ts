import {beforeEach, expect, test, vi} from "vitest";

import type {Core} from "../../src/page/core";
import {start} from "../../src/page-parts/engine/index";
import type {Announcement} from "../../src/shared/outbox/messages";
import type {Notice} from "../../src/shared/vocabulary/notices";
import {FakeContext} from "./support/device";
import {FakePage, settle} from "./support/page";
import {result} from "./support/server";
import {FakeWorker} from "./support/worker";

const NOTICE: Notice = {title: "Done"};

let document: FakePage["document"] & {hidden?: boolean};
let worker: FakeWorker;
let hear: (announcement: Announcement) => void;

beforeEach(async () => {
    document = new FakePage().document;
    worker = new FakeWorker("https://site.test/bgsync/sw.js");
    await load({controller: worker});
});

/** The engine of a page, whose worker is active. */
async function load(serviceWorker: {controller: FakeWorker | null}): Promise<void> {
    vi.stubGlobal("navigator", {serviceWorker});
    const device = await new FakeContext().signedIn();
    const registration = {start: async () => ({active: worker, addEventListener: () => undefined})};
    start({
        runtime: device.runtime, outbox: device.outbox, unsent: {items: []}, registration, api: new EventTarget(),
        listen: (listener: typeof hear) => (hear = listener), part: () => Promise.reject(new Error("not here")),
    } as unknown as Core);
    await settle();
}

test("a page that was left out when the worker claimed its own asks to be one of them", async () => {
    expect(worker.heard).toEqual([]);
    await load({controller: null});
    expect(worker.heard).toEqual([{bgsync: 1, type: "claim"}]);
});

function settled(status: "applied" | "rejected", notify?: Notice): Announcement {
    return {type: "settled", item: {id: "7", aliases: [], tag: "post", lane: "", ...(notify && {notify})}, result: result("7", status)};
}

test("a page in the background has the worker tell of what was applied", async () => {
    document.hidden = true;
    hear(settled("applied", NOTICE));
    await settle();
    expect(worker.heard).toEqual([{bgsync: 1, type: "notify", id: "7", notify: NOTICE}]);
});

test.each<[string, boolean, Announcement]>([
    ["a page in front", false, settled("applied", NOTICE)],
    ["one in the background, of what was refused", true, settled("rejected", NOTICE)],
    ["one in the background, of what wants none", true, settled("applied")],
])("%s does not", async (_name, hidden, announcement) => {
    document.hidden = hidden;
    hear(announcement);
    await settle();
    expect(worker.heard).toEqual([]);
});
