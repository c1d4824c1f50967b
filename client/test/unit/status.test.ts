import {beforeEach, expect, test, vi} from "vitest";

import {describe} from "../../src/page/status-element";

const TEXTS = {
    offline: "Offline", unreachable: "Server not reachable", sending: "Sending", blocked: "Sign in to send",
    "pending-one": "{count} not yet sent", "pending-other": "{count} not yet sent",
    "parked-one": "{count} needs you", "parked-other": "{count} need you",
};
const textOf = (texts: Record<string, string>) => (name: string) => texts[name];
const NONE = {queued: 0, sending: 0, blocked: 0, accepted: 0, parked: 0, pending: 0};

beforeEach(() => {
    vi.stubGlobal("document", {documentElement: {lang: "en"}});
});

test.each([
    ["online", {}, ""],
    ["online", {accepted: 3}, ""],
    ["offline", {}, "Offline"],
    ["offline", {queued: 3, pending: 3}, "Offline, 3 not yet sent"],
    ["unreachable", {queued: 1, pending: 1}, "Server not reachable, 1 not yet sent"],
    ["online", {sending: 2, pending: 2}, "2 not yet sent · Sending"],
    ["online", {parked: 1}, "1 needs you"],
    ["online", {parked: 2}, "2 need you"],
    ["online", {blocked: 2, pending: 2}, "Sign in to send, 2 not yet sent"],
    ["offline", {sending: 1, pending: 3, parked: 1}, "Offline, 3 not yet sent · Sending · 1 needs you"],
] as const)("%s with %j: %s", (connection, counts, text) => {
    expect(describe(textOf(TEXTS), connection, {...NONE, ...counts})).toBe(text);
});

test.each(["en_US", "en_us"])("the language %s, as an operating system writes it, is English", (lang) => {
    vi.stubGlobal("document", {documentElement: {lang}});
    expect(describe(textOf(TEXTS), "online", {...NONE, parked: 1})).toBe("1 needs you");
});

test("numbers take the plural of the page's language", () => {
    vi.stubGlobal("document", {documentElement: {lang: "pl"}});
    const texts = {"pending-one": "{count} plik", "pending-few": "{count} pliki", "pending-many": "{count} plików", "pending-other": "{count} pliku"};
    const said = [1, 2, 5, 22, 112].map((pending) => describe(textOf(texts), "online", {...NONE, pending}));
    expect(said).toEqual(["1 plik", "2 pliki", "5 plików", "22 pliki", "112 plików"]);
});
