import {expect, test, vi} from "vitest";

import {mint, uuid4} from "../../src/shared/vocabulary/identity";

const NOW = 0x0123_4567_89ab;
const V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function mintMany(count: number, clock: (i: number) => number, last = ""): string[] {
    return Array.from({length: count}, (_, i) => {
        last = mint(last, clock(i));
        return last;
    });
}

test("an id is a UUIDv7 that carries its millisecond", () => {
    const id = mint("", NOW + 0.7);
    expect(id).toMatch(V7);
    expect(id.slice(0, 13)).toBe("01234567-89ab");
});

test("ids of one millisecond rise, past the counter's end too", () => {
    const ids = mintMany(10_000, () => NOW);
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(ids.length);
});

test("ids rise when the clock goes back", () => {
    const ids = mintMany(100, (i) => NOW - i * 86_400_000);
    expect(ids).toEqual([...ids].sort());
});

test("ids need no secure context", () => {
    vi.stubGlobal("crypto", {getRandomValues: crypto.getRandomValues.bind(crypto)});
    expect(mint("", NOW)).toMatch(V7);
    expect(uuid4()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
