import {readdirSync, readFileSync} from "node:fs";

import {expect, test, vi} from "vitest";

import {put} from "../../src/shared/rows/items";
import {Announcer, type Announcement} from "../../src/shared/outbox/messages";
import type {StoredItem} from "../../src/shared/rows/schema";
import {FakeContext} from "./support/device";
import {FakePage, withTriggers} from "./support/page";
import {json, result} from "./support/server";

const SRC = new URL("../../src/", import.meta.url);

function sources(folder: string): string[] {
    const names = readdirSync(new URL(folder, SRC), {recursive: true}) as string[];
    return names.filter((name) => name.endsWith(".ts")).map((name) => readFileSync(new URL(`${folder}/${name}`, SRC), "utf8"));
}

test("an item cannot say where it is sent", async () => {
    const device = await new FakeContext().signedIn();
    const item = await device.write();
    const tampered = {...item, url: "https://elsewhere.example/", endpoint: "//elsewhere.example/"} as StoredItem;
    await device.runtime.db.write((tx) => put(tx, tampered));
    await device.flush();
    expect(device.server.calls.map(({url}) => url)).toEqual(["https://site.test/bgsync/v1/deliveries/"]);
    expect(JSON.stringify(device.server.envelopes)).not.toContain("elsewhere");
});

test("other tabs learn that something was written, not what", async () => {
    const device = await new FakeContext().signedIn();
    const {id} = await device.write({payload: {text: "a secret"}});
    device.server.deliveries = () => json(device.server.answer([result(id, "rejected")]));
    await device.flush();
    device.server.owner = null;
    await device.session.run();
    expect(device.told.map(({type}) => type)).toContain("parked");
    expect(JSON.stringify(device.told)).not.toContain("a secret");
});

test("a page in the back/forward cache holds no channel open", () => {
    const channels: {close: ReturnType<typeof vi.fn>}[] = [];
    vi.stubGlobal("BroadcastChannel", class {
        close = vi.fn();
        constructor() {
            channels.push(this);
        }
    });
    const heard: Announcement[] = [];
    const announcer = new Announcer((announcement) => heard.push(announcement));
    announcer.open();
    announcer.open();
    announcer.close();
    announcer.announce({type: "change"});
    expect(channels).toHaveLength(1);
    expect(channels[0]!.close).toHaveBeenCalledOnce();
    expect(heard).toHaveLength(1);
});

test("only pages register browser tags: a handler that did would be called again at once, without end", () => {
    expect(sources("page").some((text) => text.includes("sync.register("))).toBe(true);
    for (const text of [...sources("worker"), ...sources("shared")]) expect(text).not.toMatch(/\bsync\??\.register\(/);
});

test("whoever asks by hand is not refused because the browser believes to be offline", async () => {
    new FakePage();
    vi.stubGlobal("navigator", {onLine: false});
    const device = await new FakeContext().signedIn();
    const {triggers} = withTriggers(device);
    const {id} = await device.write();
    await triggers.resume("manual");
    expect(device.server.sent).toEqual([[id]]);
});
