import {beforeEach, expect, test} from "vitest";

import {retry} from "../../src/page-parts/engine/choices";
import {promised} from "../../src/shared/rows/promised";
import {DATABASE} from "../../src/shared/rows/schema";
import {FakeContext, MAX_AGE, START} from "./support/device";
import {FakeFeed, ids, pull} from "./support/feeds";
import {json, NO_NETWORK, result} from "./support/server";
import {PARKED, QUEUED, writeVersion1} from "./support/version1";

beforeEach(writeVersion1);

test("what waited in the first schema is sent", async () => {
    const device = await new FakeContext().signedIn();
    expect((await device.stored()).map(({id, state, payload}) => [id, state, payload])).toEqual([
        [QUEUED[0], "queued", {text: "hi"}], [QUEUED[1], "queued", {text: "hi"}], [PARKED, "parked", {text: "hi"}],
    ]);
    await device.flush();
    expect(device.server.envelopes[0]).toMatchObject({
        client: {id: "0d9d1b58-7c0c-4a52-8c0e-6b5e1c6a6f10", outbox: {dropped: {quota: 1}}},
        items: [{id: QUEUED[0], send_count: 2, created_at: "2026-11-19T14:53:20.000Z"}, {id: QUEUED[1], lane: "orders", send_count: 1}],
    });
    expect((await device.stored()).map(({id}) => id)).toEqual([PARKED]);
});

test("what is known of it stays known", async () => {
    const device = await new FakeContext().signedIn();
    expect(await device.outbox.settlement("gone")).toEqual({id: "gone", status: "discarded"});
    expect(await device.outbox.settlement(PARKED)).toMatchObject({code: "invalid"});
    expect((await retry(device.runtime, PARKED)).retry).toBe(1);
    const {id} = await device.write();
    expect(id > QUEUED[1]).toBe(true);
});

test("it has what later schemas have brought", async () => {
    const device = await new FakeContext().signedIn();
    device.server.deliveries = () => NO_NETWORK;
    await device.write({coalesce_key: "k", files: [{name: "a", filename: "", type: "", size: 1, content: new ArrayBuffer(1)}]});
    await device.write({coalesce_key: "k"});
    expect(await device.stored()).toHaveLength(4);
    await device.flush();
    await device.session.run();
    await device.flush();
    device.now += MAX_AGE;
    device.server.deliveries = ({envelope}) => {
        device.server.settled = envelope.awaiting.map((id) => result(id, "deferred", {code: "unknown_item"}));
        return json(device.server.answer([]));
    };
    await device.session.run();
    await device.flush();
    expect(new Set(await device.states())).toEqual(new Set(["parked"]));
});

test("it has room for feeds, and its items are still there", async () => {
    const device = await new FakeContext().signedIn();
    new FakeFeed(device).add(1);
    expect(await pull(device)).toBe("updated");
    expect(await ids(device)).toEqual([1]);
    expect((await device.stored()).map(({id}) => id)).toEqual([...QUEUED, PARKED]);
});

test("a page of before goes on with the outbox of after", async () => {
    const before = await promised(indexedDB.open(DATABASE, 1));
    before.onversionchange = () => before.close();
    await new FakeContext().signedIn();
    const device = await new FakeContext().signedIn();
    await device.write();
    before.close();
    // As the first release opens it: without a version, since a newer one has been there.
    const reopened = await promised(indexedDB.open(DATABASE));
    const tx = reopened.transaction(["items", "results", "meta"], "readwrite");
    const rows = await promised(tx.objectStore("items").getAll()) as {id: string; created_at: number}[];
    expect(rows).toHaveLength(4);
    tx.objectStore("items").put({...rows[3], created_at: START});
    await new Promise((complete) => (tx.oncomplete = complete));
    reopened.close();
    await device.flush();
    expect(await device.states()).toEqual(["parked"]);
});
