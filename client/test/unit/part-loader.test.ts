import {beforeEach, describe, expect, test, vi} from "vitest";

import type {Core, PartModule} from "../../src/page/core";
import {partAddress, PartLoader} from "../../src/page/part-loader";
import {RELEASE} from "../../src/shared/vocabulary/release";

const CORE = {} as Core;
const engine = {flush: vi.fn()};

let warn: ReturnType<typeof vi.spyOn>;

beforeEach(() => {
    warn = vi.spyOn(console, "warn").mockReturnValue();
    return () => warn.mockRestore();
});

function loader(...answers: (PartModule | Error)[]) {
    const fetched = vi.fn(async (_name: string, _retry: number) => {
        const answer = answers.shift()!;
        if (answer instanceof Error) throw answer;
        return answer;
    });
    return {parts: new PartLoader(CORE, fetched), fetched};
}

const found = () => ({release: RELEASE, start: vi.fn(() => engine)});

describe("a part", () => {
    test("is loaded and started once, however many want it", async () => {
        const module = found();
        const {parts, fetched} = loader(module);
        expect(await Promise.all([parts.load("engine"), parts.load("engine")])).toEqual([engine, engine]);
        expect(await parts.load("engine")).toBe(engine);
        expect(fetched.mock.calls).toEqual([["engine", 0]]);
        expect(module.start.mock.calls).toEqual([[CORE]]);
    });

    test("that cannot be loaded is fetched anew at its next use, and that is told once", async () => {
        const {parts, fetched} = loader(new TypeError("Failed to fetch"), new TypeError("Failed to fetch"), found());
        await expect(parts.load("engine")).rejects.toMatchObject({code: "unavailable", cause: {message: "Failed to fetch"}});
        await expect(parts.load("engine")).rejects.toMatchObject({code: "unavailable", cause: {message: "Failed to fetch"}});
        expect(await parts.load("engine")).toBe(engine);
        expect(fetched.mock.calls).toEqual([["engine", 0], ["engine", 1], ["engine", 2]]);
        expect(warn).toHaveBeenCalledOnce();
    });

    test("of another release is not started", async () => {
        const module = {...found(), release: "older"};
        await expect(loader(module).parts.load("engine")).rejects.toMatchObject({cause: {message: expect.stringContaining("another release")}});
        expect(module.start).not.toHaveBeenCalled();
    });

    test("that nobody answers for is given up, and may be fetched again", async () => {
        vi.useFakeTimers({toFake: ["setTimeout", "clearTimeout"]});
        const answers = [new Promise<PartModule>(() => undefined), Promise.resolve(found())];
        const parts = new PartLoader(CORE, () => answers.shift()!);
        const first = parts.load("engine");
        first.catch(() => undefined);
        await vi.advanceTimersByTimeAsync(30_000);
        await expect(first).rejects.toMatchObject({cause: {message: "no answer"}});
        expect(await parts.load("engine")).toBe(engine);
        vi.useRealTimers();
    });
});

test.each([
    ["/static/engine.abc.js", 0, "https://site.test/static/engine.abc.js"],
    ["/static/engine.js", 2, "https://site.test/static/engine.js#2"],
    ["https://cdn.test/engine.js?v=1", 1, "https://cdn.test/engine.js?v=1#1"],
])("its address is %s, try %i: %s", (partEngine, retry, address) => {
    vi.stubGlobal("document", {baseURI: "https://site.test/shop/"});
    const script = {getAttribute: (name: string) => (name === "data-part-engine" ? partEngine : null)} as Element;
    expect(partAddress(script, "engine", retry)).toBe(address);
});
