import {readdirSync, readFileSync} from "node:fs";

import {expect, test} from "vitest";

// @ts-expect-error: a build script, without types
import {internalNames} from "../../build/internal-names.mjs";
import {readDevice} from "../../src/shared/rows/device";
import {countItems} from "../../src/shared/rows/items";
import {promised} from "../../src/shared/rows/promised";
import {FakeContext} from "./support/device";

const names = new Set(internalNames() as string[]);

/** The names of a value's members, its members' members and so on. */
function members(value: unknown): string[] {
    if (typeof value !== "object" || value === null) return [];
    const own = Array.isArray(value) ? [] : Object.keys(value);
    return [...own, ...Object.values(value).flatMap(members)];
}

test("the minified bundles shorten the names of what never leaves its context", () => {
    for (const name of ["runtime", "announce", "hasAsked"]) expect(names).toContain(name);
});

test("what is stored, announced or shown keeps its names, so that two versions can meet", async () => {
    const device = await new FakeContext().signedIn();
    await device.write();
    const [stored, counts] = await device.runtime.db.read(async (tx) => {
        const everything = [await readDevice(tx), await promised(tx.objectStore("items").getAll())];
        return [everything, await countItems(tx, "")];
    });
    await device.flush();
    const kept = await device.runtime.db.read((tx) => promised(tx.objectStore("results").getAll()));
    for (const shape of [stored, counts, kept, device.told]) {
        expect(members(shape).length).toBeGreaterThan(0);
        expect(members(shape).filter((name) => names.has(name))).toEqual([]);
    }
});

test("what goes over the wire keeps its names", () => {
    const directory = new URL("../../../tests/fixtures/protocol/", import.meta.url);
    for (const file of readdirSync(directory)) {
        const shapes = JSON.parse(readFileSync(new URL(file, directory), "utf8")) as unknown;
        expect(members(shapes).filter((name) => names.has(name))).toEqual([]);
    }
});
