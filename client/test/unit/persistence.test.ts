import {expect, test, vi} from "vitest";

import {Persistence} from "../../src/page-parts/engine/persistence";

function asked(storage: object | undefined): [Persistence, ReturnType<typeof vi.fn>] {
    vi.stubGlobal("navigator", {storage});
    const changed = vi.fn(async () => undefined);
    return [new Persistence(changed), changed];
}

test("the browser is asked once, and what it grants is made known", async () => {
    const persist = vi.fn(async () => true);
    const [persistence, changed] = asked({persist, persisted: async () => false});
    await persistence.ask();
    await persistence.ask();
    expect(persist).toHaveBeenCalledOnce();
    expect(changed).toHaveBeenCalledOnce();
});

test("nobody is asked for what has been granted", async () => {
    const persist = vi.fn(async () => true);
    await asked({persist, persisted: async () => true})[0].ask();
    expect(persist).not.toHaveBeenCalled();
});

test.each([["refuses", {persist: async () => false, persisted: async () => false}], ["cannot", {}], ["has no storage manager", undefined]])(
    "a browser that %s changes nothing", async (_name, storage) => {
        const [persistence, changed] = asked(storage);
        await persistence.ask();
        expect(changed).not.toHaveBeenCalled();
    },
);
