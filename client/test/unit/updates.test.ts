import {afterEach, beforeEach, describe, expect, test, vi} from "vitest";

import {Updates} from "../../src/page-parts/engine/updates";
import {settle} from "./support/page";
import {FakeRegistration, FakeWorker} from "./support/worker";

const URL = "https://site.test/bgsync/sw.js";

beforeEach(() => void vi.useFakeTimers({toFake: ["setTimeout", "clearTimeout"]}));
afterEach(() => void vi.useRealTimers());

function watching(parts: ConstructorParameters<typeof FakeRegistration>[1] = {active: new FakeWorker(URL)}) {
    const found = vi.fn();
    const updates = new Updates(found);
    const registration = new FakeRegistration("https://site.test/", parts);
    updates.watch(registration as unknown as ServiceWorkerRegistration);
    return {updates, registration, found};
}

/** Long enough for a worker that says nothing, too. */
async function heard(): Promise<void> {
    await settle();
    await vi.advanceTimersByTimeAsync(3_000);
}

describe("a new worker", () => {
    test("that waits is told of", async () => {
        const {registration, found} = watching();
        registration.install(new FakeWorker(URL, {waits: true}));
        await heard();
        expect(found).toHaveBeenCalledOnce();
    });

    test("that has waited since before this page is told of", async () => {
        const waiting = Object.assign(new FakeWorker(URL, {waits: true}), {state: "installed"});
        const {found} = watching({active: new FakeWorker(URL), waiting});
        await heard();
        expect(found).toHaveBeenCalledOnce();
    });

    test.each([
        ["will not wait", new FakeWorker(URL, {waits: false})],
        ["has nothing of ours", new FakeWorker("https://site.test/theirs.js")],
    ])("that %s is not", async (_name, worker) => {
        const {registration, found} = watching();
        registration.install(worker);
        await heard();
        expect(found).not.toHaveBeenCalled();
    });

    test("that has taken over meanwhile is not", async () => {
        const {registration, found} = watching();
        const worker = new FakeWorker(URL, {waits: true});
        registration.install(worker);
        worker.become("activating");
        await heard();
        expect(found).not.toHaveBeenCalled();
    });

    test("is no news where there was none before", async () => {
        const {registration, found} = watching({});
        registration.install(new FakeWorker(URL, {waits: true}));
        await heard();
        expect(found).not.toHaveBeenCalled();
    });
});

describe("update()", () => {
    test("has the waiting worker take over", async () => {
        const {updates, registration} = watching();
        const worker = new FakeWorker(URL, {waits: true});
        registration.install(worker);
        const updated = updates.apply();
        await settle();
        expect(worker.heard.at(-1)).toEqual({bgsync: 1, type: "update"});
        worker.become("activating");
        worker.become("activated");
        expect(await updated).toBe(true);
    });

    test("says so where none waits, or it is overtaken by a newer one", async () => {
        expect(await new Updates(vi.fn()).apply()).toBe(false);
        const {updates, registration} = watching();
        const worker = new FakeWorker(URL, {waits: true});
        registration.install(worker);
        const updated = updates.apply();
        worker.become("redundant");
        expect(await updated).toBe(false);
    });

    test("says so where the one that waits is not ours: it would never hear of it", async () => {
        const {updates, registration} = watching();
        const theirs = new FakeWorker("https://site.test/theirs.js");
        registration.install(theirs);
        const updated = updates.apply();
        await heard();
        expect(await updated).toBe(false);
        expect(theirs.heard).not.toContainEqual({bgsync: 1, type: "update"});
    });
});
