import {expect, test} from "vitest";

import {judgeReplay} from "../../src/shared/requests/replay-verdict";
import type {Reply} from "../../src/shared/vocabulary/verdict";

const NOW = Date.parse("2026-11-20T10:00:00Z");

function judged(verdict: "header" | "status", status: number, more: Partial<Reply> = {}): string {
    const reply: Reply = {status, ours: false, json: true, retryAfter: null, text: "{}", ...more};
    const outcome = judgeReplay("id", {verdict}, reply, NOW);
    return outcome.kind === "verdict" ? outcome.result.disposition : outcome.kind;
}

test.each([
    [200, "done"], [201, "done"], [204, "done"],
    [400, "park"], [403, "park"], [404, "park"], [409, "park"], [410, "park"], [413, "park"], [422, "park"],
    [401, "denied"], [429, "later"], [500, "later"], [502, "later"], [503, "later"],
] as const)("with our header a %i is %s", (status, expected) => {
    expect(judged("header", status, {ours: true})).toBe(expected);
});

test.each([
    [200, "later"], [201, "later"], [0, "later"], [302, "later"], [400, "later"], [404, "later"], [409, "later"], [422, "later"],
    [401, "denied"], [403, "denied"], [429, "later"], [500, "later"],
] as const)("without it a %i is %s: a captive portal answers too", (status, expected) => {
    expect(judged("header", status)).toBe(expected);
});

test.each([
    [200, "done"], [204, "done"], [0, "later"], [304, "later"], [400, "park"], [404, "park"], [405, "park"], [409, "park"], [422, "park"],
    [401, "denied"], [403, "denied"], [408, "later"], [425, "later"], [429, "later"], [500, "later"], [503, "later"],
] as const)("where the status counts a %i is %s", (status, expected) => {
    expect(judged("status", status)).toBe(expected);
});

test.each([["in_flight", "later"], ["wrong_owner", "wrong_owner"], ["payload_mismatch", "park"]])(
    "a 409 of ours with the code %s is %s", (code, expected) => {
        expect(judged("header", 409, {ours: true, text: JSON.stringify({code})})).toBe(expected);
    },
);

test("a refusal carries what the server said: a sentence", () => {
    const text = JSON.stringify({detail: "Sold out."});
    const reply = {status: 409, ours: true, json: true, retryAfter: null, text};
    expect(judgeReplay("id", {verdict: "header"}, reply, NOW)).toMatchObject({
        result: {status: "conflict", code: "http_409", problem: {status: 409, detail: "Sold out.", errors: null}},
    });
});

test("a wait the server asks for is in milliseconds", () => {
    const reply = {status: 503, ours: false, json: false, retryAfter: "7", text: ""};
    expect(judgeReplay("id", {verdict: "header"}, reply, NOW)).toEqual({kind: "later", code: "http_503", delay: 7_000});
});

test("an answer that is too long to be kept is not kept", () => {
    const reply = {status: 200, ours: true, json: true, retryAfter: null, text: JSON.stringify("x".repeat(20_000))};
    expect(judgeReplay("id", {verdict: "header"}, reply, NOW)).toMatchObject({result: {result: {status: 200, body: null}}});
});
