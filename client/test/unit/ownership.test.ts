import {describe, expect, test} from "vitest";

import {FakeContext} from "./support/device";
import {NO_NETWORK} from "./support/server";

test("what A wrote waits while B is signed in, and goes when A is back", async () => {
    const device = await new FakeContext().signedIn();
    const [mine] = await device.writeMany(1);
    device.server.owner = "B";
    await device.session.run();
    const [theirs] = await device.writeMany(1);
    await device.flush();
    expect(device.server.sent).toEqual([[theirs]]);
    expect(await device.item(mine!)).toMatchObject({owner: "A", state: "blocked"});
    expect(device.heard("blocked")).toMatchObject([{item: {id: mine}}]);

    device.server.owner = "A";
    expect(await device.session.run()).toMatchObject({changed: true, released: [{id: mine}]});
    await device.flush();
    expect(device.server.sent).toEqual([[theirs], [mine]]);
});

test("nobody signed in: everything waits", async () => {
    const device = await new FakeContext().signedIn();
    await device.write();
    device.server.owner = null;
    await device.session.run();
    expect(await device.flush()).toBe("drained");
    expect(device.server.sent).toEqual([]);
    expect(await device.states()).toEqual(["blocked"]);
});

describe("an item of nobody", () => {
    test("is the first owner's", async () => {
        const device = new FakeContext();
        const {id} = await device.write();
        expect((await device.item(id)).owner).toBe("");
        await device.flush();
        expect(device.server.envelopes).toMatchObject([{owner: "A", items: [{id}]}]);
    });

    test("waits for one, without a delivery", async () => {
        const device = new FakeContext();
        device.server.owner = null;
        await device.write();
        expect(await device.flush()).toBe("blocked");
        expect(device.server.sent).toEqual([]);
        expect(await device.states()).toEqual(["blocked"]);
        device.server.owner = "B";
        await device.session.run();
        expect(await device.stored()).toMatchObject([{owner: "B", state: "queued"}]);
    });
});

describe("while a page does not know whose session it is", () => {
    async function arrival(): Promise<FakeContext> {
        const before = await new FakeContext().signedIn();
        before.server.owner = "B";
        return new FakeContext(before.server);
    }

    test("what it writes is the one's whom its own check names", async () => {
        const arriving = await arrival();
        const {id} = await arriving.write({provisional: arriving.runtime.instance});
        expect((await arriving.item(id)).owner).toBe("A");
        await arriving.session.run();
        expect(await arriving.item(id)).toMatchObject({owner: "B", state: "queued"});
        expect(await arriving.item(id)).not.toHaveProperty("provisional");
    });

    test("a check by somebody else does not concern it", async () => {
        const arriving = await arrival();
        const {id} = await arriving.write({provisional: arriving.runtime.instance});
        await new FakeContext(arriving.server).session.run();
        expect(await arriving.item(id)).toMatchObject({owner: "A", state: "blocked"});
        await arriving.session.run();
        expect(await arriving.item(id)).toMatchObject({owner: "B", state: "queued"});
    });

    test("nobody is no other owner", async () => {
        const arriving = await arrival();
        arriving.server.owner = null;
        const {id} = await arriving.write({provisional: arriving.runtime.instance});
        await arriving.session.run();
        expect(await arriving.item(id)).toMatchObject({owner: "A", state: "blocked"});
    });

    test("a check that fails leaves it open", async () => {
        const arriving = await arrival();
        arriving.server.sessions = () => NO_NETWORK;
        const {id} = await arriving.write({provisional: arriving.runtime.instance});
        expect(await arriving.session.run()).toBeNull();
        expect(arriving.runtime.isConfirmed).toBe(false);
        expect(await arriving.item(id)).toHaveProperty("provisional");
    });
});

test("the answer to a delivery confirms the owner as well", async () => {
    const device = await new FakeContext().signedIn();
    await device.write();
    device.runtime.isConfirmed = false;
    await device.flush();
    expect(device.runtime.isConfirmed).toBe(true);
});
