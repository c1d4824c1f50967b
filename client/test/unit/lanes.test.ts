import {expect, test} from "vitest";

import {inTurn, sendable} from "../../src/shared/flushing/lanes";
import type {StoredItem} from "../../src/shared/rows/schema";
import {result} from "./support/server";

const always = () => true;

function item(seq: number, more: Partial<StoredItem> = {}): StoredItem {
    return {seq, id: `i${seq}`, state: "queued", failures: 0, lane: "orders", ...more} as StoredItem;
}

function ids(lane: StoredItem[], isDue: (item: StoredItem) => boolean = always): [string, string | null][] {
    return sendable(lane, isDue).map(({item, after}) => [item.id, after]);
}

test("each item of a lane comes after the one before it", () => {
    expect(ids([item(1), item(2), item(3)])).toEqual([["i1", null], ["i2", "i1"], ["i3", "i2"]]);
});

test("an item that has to wait holds its lane", () => {
    expect(ids([item(1), item(2), item(3)], ({seq}) => seq !== 2)).toEqual([["i1", null]]);
});

test.each(["sending", "blocked"] as const)("a %s item holds its lane", (state) => {
    expect(ids([item(1, {state}), item(2)])).toEqual([]);
});

test("behind an item the server holds, the lane goes on", () => {
    expect(ids([item(1, {state: "accepted"}), item(2)])).toEqual([["i2", "i1"]]);
});

test.each([
    ["rejected", "invalid", null],
    ["rejected", "discarded", null],
    ["conflict", "conflict", null],
    ["expired", "expired", null],
    ["rejected", "dead", "i1"],
] as const)("a parked item (%s, %s) is %j to its successor", (status, code, after) => {
    expect(ids([item(1, {state: "parked", result: result("i1", status, {code})}), item(2)])).toEqual([["i2", after]]);
});

test("an item that keeps failing lets the others go first, lanes as a whole", () => {
    const row = (...items: StoredItem[]) => items.map((it) => ({item: it, after: null}));
    const rows = [row(item(1, {failures: 3}), item(2)), row(item(3)), [], row(item(4, {failures: 1})), row(item(5))];
    expect(inTurn(rows).map((candidate) => candidate.item.seq)).toEqual([3, 5, 4, 1, 2]);
});
