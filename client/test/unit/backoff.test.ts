import {describe, expect, test} from "vitest";

import {askDelay, backoff, postponed, retryAfter} from "../../src/shared/vocabulary/backoff";

const NOW = Date.parse("2026-11-20T10:00:00Z");

test.each([[1, 5_000], [2, 10_000], [3, 20_000], [8, 640_000], [9, 900_000], [5_000, 900_000]])(
    "failure %i waits at most %i ms", (failures, ceiling) => {
        expect(backoff(failures, () => 1)).toBe(ceiling);
        expect(backoff(failures, () => 0.5)).toBe(ceiling / 2);
    },
);

test("no wait is shorter than a second", () => {
    expect(backoff(1, () => 0)).toBe(1_000);
});

test("a try out of turn does not prolong a wait that is still on", () => {
    const waiting = postponed({failures: 0, next_try: 0}, {now: NOW, random: () => 1});
    expect(waiting).toEqual({failures: 1, next_try: NOW + 5_000});
    expect(postponed(waiting, {now: NOW + 1, random: () => 1})).toEqual(waiting);
    expect(postponed(waiting, {now: NOW + 5_000, random: () => 1})).toEqual({failures: 2, next_try: NOW + 15_000});
});

test("a wait of before the clock was set back is over", () => {
    const ahead = postponed({failures: 2, next_try: 0}, {now: NOW + 3 * 365 * 86_400_000, random: () => 1});
    expect(postponed(ahead, {now: NOW, random: () => 1})).toEqual({failures: 4, next_try: NOW + 40_000});
});

describe("Retry-After", () => {
    test.each([
        ["120", 120_000],
        [" 7 ", 7_000],
        ["0", 1_000],
        ["99999999999999999999", 86_400_000],
        ["Fri, 20 Nov 2026 10:01:30 GMT", 90_000],
        ["Fri, 20 Nov 2026 09:00:00 GMT", 1_000],
        ["Wed, 20 Nov 2030 10:00:00 GMT", 86_400_000],
        ["soon", null],
        ["", null],
        ["-5", null],
        ["1.5", null],
    ])("%j means %j ms", (header, delay) => {
        expect(retryAfter(header, NOW)).toBe(delay);
    });

    test("none means none", () => {
        expect(retryAfter(null, NOW)).toBeNull();
    });
});

test("news of accepted items is asked for after 1, 2, 4 … 60 seconds", () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7, 2_000].map(askDelay)).toEqual(
        [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000],
    );
});
