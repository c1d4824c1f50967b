import {beforeEach, describe, expect, test, vi} from "vitest";

import {readDraft} from "../../src/page/draft";

test("a draft is what the server will read", () => {
    const when = new Date("2026-11-20T10:00:00Z");
    expect(readDraft("post", {text: "Zürich", when, nothing: undefined}, {lane: "x"})).toEqual({
        tag: "post", lane: "x", payload: {text: "Zürich", when: "2026-11-20T10:00:00.000Z"}, bytes: 52,
    });
});

test.each([null, 0, "", false, [], {}, [1, [2, {three: null}]]])("%j is a payload", (payload) => {
    expect(readDraft("post", payload, {}).payload).toEqual(payload);
});

describe("what JSON would lose is refused", () => {
    const cycle: {self?: unknown} = {};
    cycle.self = cycle;
    test.each<[string, unknown]>([
        ["nothing", undefined], ["a function", () => 1], ["a cycle", cycle], ["a BigInt", {n: 1n}], ["NaN", {n: NaN}],
        ["Infinity", [Infinity]], ["a file", {photo: new Blob(["x"])}], ["a map", {m: new Map([[1, 2]])}],
        ["a form", new FormData()], ["bytes", {b: new Uint8Array(2)}],
    ])("%s", (_name, payload) => {
        expect(() => readDraft("post", payload, {})).toThrow(expect.objectContaining({code: "not_serializable"}) as Error);
    });
});

test.each(["", "Post", "a b", "-a", "a#2", "x".repeat(65), "ä"])("%j is no tag", (tag) => {
    expect(() => readDraft(tag, {}, {})).toThrow(TypeError);
});

test.each(["\0", "a\ud800", "x".repeat(101), 7 as unknown as string])("%j is no lane", (lane) => {
    expect(() => readDraft("post", {}, {lane})).toThrow(TypeError);
});

test.each(["\0", "a\ud800", "x".repeat(101), 7 as unknown as string])("%j is no key", (coalesceKey) => {
    expect(() => readDraft("post", {}, {coalesceKey})).toThrow(TypeError);
});

test.each([null, undefined])("%j is no coalescing", (coalesceKey) => {
    expect(readDraft("post", {}, {coalesceKey} as object)).not.toHaveProperty("coalesce_key");
});

test("an emoji is fine in a lane", () => {
    expect(readDraft("post", {}, {lane: "🚲"}).lane).toBe("🚲");
});

test("an option that is not known is not passed over", () => {
    expect(() => readDraft("post", {}, {urgent: true} as object)).toThrow(/urgent/);
});

describe("notify", () => {
    beforeEach(() => vi.stubGlobal("location", new URL("https://site.test/posts/")));

    test("is kept with an absolute address", () => {
        expect(readDraft("post", {}, {notify: {title: "Done", body: "yes", url: "7/"}}).notify).toEqual(
            {title: "Done", body: "yes", url: "https://site.test/posts/7/"},
        );
        expect(readDraft("post", {}, {notify: {title: "Done"}}).notify).toEqual({title: "Done"});
        expect(readDraft("post", {}, {notify: null}).notify).toBeUndefined();
    });

    test.each([{}, {title: ""}, {title: 7}, {title: "Done", body: 7}, {title: "Done", url: "https://other.test/"}])(
        "is a title, and an address of this site: %j", (notify) => {
            expect(() => readDraft("post", {}, {notify: notify as never})).toThrow(TypeError);
        },
    );
});
