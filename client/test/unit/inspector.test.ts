import {beforeEach, describe, expect, test, vi} from "vitest";

import {contentsOf} from "../../src/page-parts/inspector/contents";
import {entryOf, reasonOf} from "../../src/page-parts/inspector/entry";
import {look} from "../../src/page-parts/inspector/reading";
import {describeBrowser} from "../../src/page-parts/inspector/report";
import {serial} from "../../src/page-parts/inspector/serial";
import {BODY, CAPTURED, laneOf} from "../../src/shared/rows/captured";
import {changeDevice} from "../../src/shared/rows/device";
import {put} from "../../src/shared/rows/items";
import type {StoredItem} from "../../src/shared/rows/schema";
import {FakeContext, START} from "./support/device";
import {settle} from "./support/page";
import {result} from "./support/server";

const IDLE = {next_try: 0, not_before: 0};
const REQUEST = {method: "POST", path: "/api/notes/?draft=1", headers: [["accept", "text/html"]] as [string, string][], verdict: "header" as const};

let device: FakeContext;

beforeEach(async () => {
    device = await new FakeContext().signedIn();
});

async function inState(state: StoredItem["state"], more: Partial<StoredItem> = {}): Promise<StoredItem> {
    const item = await device.write({tag: state});
    return device.runtime.db.write((tx) => put(tx, {...item, state, ...more}));
}

function capture(type: string, content: string): Promise<StoredItem> {
    const file = {name: BODY, filename: "", type, size: content.length, content: new TextEncoder().encode(content).buffer};
    return device.write({tag: CAPTURED, lane: laneOf("^/api/"), payload: {method: "POST", path: "/api/notes/"}, request: REQUEST, files: [file]});
}

describe("looking at the outbox", () => {
    test("shows what needs the user first, then the order of writing, and no more than is asked for", async () => {
        for (const state of ["accepted", "queued", "parked", "sending", "blocked", "queued"] as const) await inState(state);
        const {items, total, counts} = await look(device.runtime.db, 100);
        expect(items.map(({state}) => state)).toEqual(["parked", "blocked", "accepted", "queued", "sending", "queued"]);
        expect([total, counts.queued, counts.pending]).toEqual([6, 2, 4]);
        expect((await look(device.runtime.db, 3)).items.map(({state}) => state)).toEqual(["parked", "blocked", "accepted"]);
    });

    test("counts what is others' and reads nothing of it", async () => {
        await device.write({payload: {text: "A's own"}});
        await device.runtime.db.write((tx) => changeDevice(tx, {owner: "B"}));
        await device.write({payload: {text: "B's own"}});
        await device.write({payload: {text: "B's own, too"}});
        const snapshot = await look(device.runtime.db, 100);
        expect([snapshot.total, snapshot.others]).toEqual([2, 1]);
        expect(JSON.stringify(snapshot)).not.toContain("A's own");
    });
});

describe("an entry", () => {
    const entry = (item: Partial<StoredItem>, patience = IDLE, connection: "online" | "offline" = "online") => (
        entryOf({...ITEM, ...item}, patience, START, connection)
    );
    const ITEM = {
        seq: 1, id: "one", aliases: [], tag: "post", lane: "", payload: {text: "secret"}, bytes: 17, owner: "A", state: "queued", created_at: START - 60_000,
        send_count: 2, retry: 0, uncertain: false, failures: 0, next_try: 0, not_before: 0, lease_by: "", lease_until: 0, result: null, last_error: null,
    } as StoredItem;

    test("says nothing of the payload", () => {
        expect(entry({})).toEqual({
            id: "one", state: "queued", title: "post", files: [], written: START - 60_000, sent: 2, code: "", reason: "", next: "soon", due: 0,
            mayBeHeld: false, isRetryable: false, isDiscardable: true,
        });
    });

    test("of a captured request is named by its method and address", () => {
        expect(entry({request: REQUEST}).title).toBe("POST /api/notes/?draft=1");
    });

    test.each([
        ["its own backoff", {next_try: START + 5_000}, IDLE, START + 5_000],
        ["the server's Retry-After", {not_before: START + 9_000, next_try: START + 5_000}, IDLE, START + 9_000],
        ["a server that asked for no delivery", {}, {next_try: 0, not_before: START + 7_000}, START + 7_000],
        ["a clock that was set back", {next_try: START + 48 * 3_600_000}, IDLE, 0],
        ["a wait that is over", {next_try: START - 1}, IDLE, 0],
    ])("is due by %s", (_, item, patience, due) => {
        expect(entry(item, patience)).toMatchObject({due, next: due ? "later" : "soon"});
    });

    test.each(["sending", "accepted", "blocked", "parked"] as const)("that is %s waits for that", (state) => {
        expect(entry({state, next_try: START + 5_000}).next).toBe(state);
    });

    test("waits for a connection where there is none", () => {
        expect(entry({next_try: START + 5_000}, IDLE, "offline").next).toBe("offline");
    });

    test.each([
        ["queued", {}, false, true],
        ["sent without a verdict", {uncertain: true}, false, false, true],
        ["sending", {state: "sending", uncertain: true}, false, false],
        ["accepted", {state: "accepted"}, false, false],
        ["blocked", {state: "blocked"}, false, true],
        ["blocked after it was sent", {state: "blocked", uncertain: true}, false, false, true],
        ["refused", {state: "parked", result: result("one", "rejected")}, true, true],
        ["discarded by an operator", {state: "parked", result: result("one", "rejected", {code: "discarded"})}, false, true],
        ["of other content", {state: "parked", result: result("one", "conflict", {code: "payload_mismatch"})}, false, true],
    ] as [string, Partial<StoredItem>, boolean, boolean, boolean?][])("%s: what can be done", (_, item, isRetryable, isDiscardable, held = false) => {
        expect(entry(item)).toMatchObject({isRetryable, isDiscardable, mayBeHeld: held});
    });

    test("names the code of the verdict, else of the latest try", () => {
        expect(entry({state: "parked", result: result("one", "rejected", {code: "invalid"}), last_error: "timeout"}).code).toBe("invalid");
        expect(entry({last_error: "timeout"}).code).toBe("timeout");
    });
});

test.each([
    [null, ""],
    [{detail: "Sold out."}, "Sold out."],
    [{detail: "", errors: {text: ["Too long.", "Too loud."], seat: {row: "None."}}}, "text: Too long. text: Too loud. seat: row: None."],
    [{detail: "Of all.", errors: ["First.", 7, null]}, "First."],
    [{detail: {}, errors: {}}, ""],
    ["<b>", ""],
])("the reason in %j", (problem, reason) => {
    expect(reasonOf(problem)).toBe(reason);
});

describe("contents", () => {
    test("are the payload, of whatever kind", async () => {
        const {id} = await device.write({payload: {text: "<script>alert(1)</script>"}});
        expect(await contentsOf(device.runtime.db, id)).toBe('{\n  "text": "<script>alert(1)</script>"\n}');
        expect(await contentsOf(device.runtime.db, (await device.write({payload: null})).id)).toBe("null");
    });

    test("of a captured request are its headers and its body, if that is text", async () => {
        const json = await capture("application/json; charset=utf-8", '{"text":"hi"}');
        expect(await contentsOf(device.runtime.db, json.id)).toBe('POST /api/notes/?draft=1\naccept: text/html\n\n{"text":"hi"}');
        const form = await capture("multipart/form-data; boundary=x", "--x");
        expect(await contentsOf(device.runtime.db, form.id)).toBe("POST /api/notes/?draft=1\naccept: text/html\n\n(multipart/form-data; boundary=x 3)");
    });

    test("of somebody else's item are not shown", async () => {
        const {id} = await device.write();
        await device.runtime.db.write((tx) => changeDevice(tx, {owner: "B"}));
        expect(await contentsOf(device.runtime.db, id)).toBe("");
    });
});

describe("work that must not overlap", () => {
    test("is done once more if it was asked for meanwhile, however often", async () => {
        const releases: (() => void)[] = [];
        const run = serial(() => new Promise((resolve) => releases.push(resolve)));
        const all = Promise.all([run(), run(), run()]);
        expect(releases).toHaveLength(1);
        releases[0]!();
        await settle();
        expect(releases).toHaveLength(2);
        releases[1]!();
        await all;
        void run();
        expect(releases).toHaveLength(3);
    });

    test("can be done again after it has failed", async () => {
        const work = vi.fn().mockRejectedValueOnce(new Error("no")).mockResolvedValue(undefined);
        const run = serial(work);
        await expect(run()).rejects.toThrow("no");
        await run();
        expect(work).toHaveBeenCalledTimes(2);
    });
});

test("the browser is described in the template's words, and by its own where there are none", async () => {
    const words: Record<string, string> = {"data-word-ours": "runs", "data-word-true": "yes", "data-word-none": "none"};
    const place = () => ({textContent: "", closest: () => ({getAttribute: (name: string) => words[name] ?? null})});
    const places: Record<string, ReturnType<typeof place>> = {worker: place(), persisted: place(), sync: place(), pendingSyncTags: place()};
    const root = {querySelector: (selector: string) => places[/"(\w+)"/.exec(selector)![1]!] ?? null} as unknown as ParentNode;
    const capabilities = async () => ({
        worker: "ours", sync: "quantum", periodicSync: "granted", notifications: "default", persisted: true, locks: true, embedded: false, pendingSyncTags: [],
    }) as never;
    await describeBrowser({capabilities}, root);
    expect(Object.values(places).map(({textContent}) => textContent)).toEqual(["runs", "yes", "quantum", "none"]);
});
