import {describe, expect, test} from "vitest";

import {logout} from "../../src/page-parts/engine/logout";
import {FakeContext} from "./support/device";
import {json, problem, result} from "./support/server";

/** A device whose visitor has written something, and a server where A may have been that visitor. */
async function visited(): Promise<FakeContext> {
    const device = new FakeContext();
    Object.assign(device.server, {owner: "V", isVisitor: true});
    return device.signedIn();
}

async function signIn(device: FakeContext, user = "A", before: string | null = "V"): Promise<void> {
    Object.assign(device.server, {owner: user, isVisitor: false, before});
    await device.session.run();
}

test("a visitor's items are sent as a visitor's", async () => {
    const device = await visited();
    await device.write();
    await device.flush();
    expect(device.server.envelopes).toMatchObject([{owner: "V"}]);
    expect(await device.device()).toMatchObject({owner: "V", visitor: "V"});
});

describe("when somebody signs in", () => {
    test("they are theirs, and keep the row that the server may have", async () => {
        const device = await visited();
        const {client} = await device.device();
        const [before] = await device.writeMany(1);
        await signIn(device);
        expect(await device.outbox.list()).toMatchObject([{id: before, owner: "A", state: "queued"}]);
        const [own] = await device.writeMany(1);
        await device.flush();
        expect(device.server.envelopes.map(({owner, items}) => [owner, items.map(({id}) => id)])).toEqual([["V", [before]], ["A", [own]]]);
        expect(device.server.envelopes[0]!.client.id).toBe(client);
    });

    test("the first one has them, not the next", async () => {
        const device = await visited();
        const {id} = await device.write();
        await signIn(device);
        await signIn(device, "B", null);
        expect(await device.outbox.list()).toEqual([]);
        await device.flush();
        expect(device.server.sent).toEqual([]);
        await signIn(device);
        await device.flush();
        expect(device.server.sent).toEqual([[id]]);
    });

    test("the answer to a delivery binds as well", async () => {
        const device = await visited();
        const {id} = await device.write();
        Object.assign(device.server, {owner: "A", isVisitor: false, before: "V"});
        device.server.deliveries = () => json(device.server.answer([result(id, "accepted", {code: "queued"})]));
        await device.flush();
        expect(await device.item(id)).toMatchObject({owner: "A", visitor: {owner: "V"}, state: "accepted"});
        device.server.deliveries = () => undefined;
        await device.flush();
        expect(device.server.envelopes.at(-1)).toMatchObject({owner: "V", items: [], awaiting: [id]});
    });

    test("how items of the visitor ended is theirs to know", async () => {
        const device = await visited();
        const {id} = await device.write();
        await device.flush();
        await signIn(device);
        expect(await device.outbox.settlement(id)).toMatchObject({status: "applied"});
    });

    test("news of both are asked for, each in its own name", async () => {
        const device = await visited();
        const {id: before} = await device.write();
        await signIn(device);
        const {id: own} = await device.write();
        device.server.deliveries = ({envelope}) => (
            json(device.server.answer(envelope.items.map(({id}) => result(id, "accepted", {code: "queued"}))))
        );
        for (let i = 0; i < 3; i += 1) await device.flush();
        const asked = device.server.envelopes.filter(({items}) => !items.length).map(({owner, awaiting}) => [owner, ...awaiting]);
        expect(asked).toContainEqual(["V", before]);
        expect(asked).toContainEqual(["A", own]);
        expect(asked.every((ids) => ids.length === 2)).toBe(true);
    });

    test("they are sent in the name of the client that the visitor was", async () => {
        const device = await visited();
        const {client} = await device.device();
        await device.write();
        await signIn(device);
        await logout(device.runtime, device.outbox, device.flusher, "keep");
        await signIn(device);
        await device.flush();
        expect(device.server.envelopes).toMatchObject([{owner: "V", client: {id: client}}]);
        expect((await device.device()).client).not.toBe(client);
    });

    test("their own items of a lane wait for those of before", async () => {
        const device = await visited();
        const [first] = await device.writeMany(1, {lane: "x"});
        await signIn(device);
        const [second] = await device.writeMany(1, {lane: "x"});
        device.server.deliveries = (_call, number) => (
            number === 1 ? json(device.server.answer([result(first!, "accepted", {code: "queued"})])) : undefined
        );
        await device.flush();
        expect(device.server.sent).toEqual([[first]]);
        device.server.settled = [result(first!)];
        await device.flush();
        await device.flush();
        expect(device.server.envelopes.at(-1)!.items).toMatchObject([{id: second, after: null}]);
    });
});

test("what the server has never seen of a visitor of somebody else's goes on in its owner's name", async () => {
    const device = await visited();
    const {id} = await device.write();
    await signIn(device, "A", null);
    await device.flush();
    expect(await device.item(id)).toMatchObject({state: "queued", last_error: "wrong_owner"});
    device.now += 3_600_000;
    await device.flush();
    expect(device.server.envelopes.map(({owner}) => owner)).toEqual(["V", "A"]);
    expect(await device.states()).toEqual([]);
});

test("what it may have seen does not", async () => {
    const device = await visited();
    const {id} = await device.write();
    device.server.deliveries = (_call, number) => (number === 1 ? problem(500, "odd") : undefined);
    await device.flush();
    await signIn(device, "A", null);
    device.now += 3_600_000;
    await device.flush();
    expect(await device.item(id)).toMatchObject({state: "queued", visitor: {owner: "V"}});
});

test("a visitor whose user has gone is nobody, until somebody signs in", async () => {
    const device = await visited();
    await signIn(device);
    const {id} = await device.write();
    device.server.owner = null;
    device.server.deliveries = () => problem(409, "wrong_owner", {owner: null});
    expect(await device.flush()).toBe("drained");
    expect(await device.device()).toMatchObject({owner: ""});
    expect(await device.item(id)).toMatchObject({owner: "A", state: "blocked"});
});
