import {beforeEach, describe, expect, test, vi} from "vitest";

import {Unsent} from "../../src/page/unsent";
import {clear, discard} from "../../src/page-parts/engine/choices";
import {LastFlush} from "../../src/page-parts/engine/last-flush";
import {changeDevice, readDevice} from "../../src/shared/rows/device";
import type {NewFile} from "../../src/shared/rows/files";
import {promised} from "../../src/shared/rows/promised";
import {opened} from "./support/api";
import {FakeContext} from "./support/device";
import {FakePage, settle} from "./support/page";
import {json, NO_NETWORK, page, problem, result, type Call} from "./support/server";

const BYTES = new Uint8Array([0, 255, 10, 13, 10, 128]);
const MEBIBYTE = 1_048_576;

beforeEach(() => {
    new FakePage();
    vi.stubGlobal("navigator", {onLine: true});
});

function file(name = "photo", size = BYTES.length): NewFile {
    const content = size === BYTES.length ? BYTES.buffer.slice(0) : new ArrayBuffer(size);
    return {name, filename: `${name}.jpg`, type: "image/jpeg", size, content};
}

function parts({init}: Call): [string, FormDataEntryValue][] {
    return [...(init.body as FormData)];
}

function contents(device: FakeContext): Promise<unknown[]> {
    return device.runtime.db.read((tx) => promised(tx.objectStore("files").getAll()));
}

async function limit(device: FakeContext, limits: object): Promise<void> {
    await device.runtime.db.write(async (tx) => {
        await changeDevice(tx, {limits: {...(await readDevice(tx)).limits, ...limits}});
    });
}

describe("a delivery with files", () => {
    test("is a form: the envelope, and one part per file", async () => {
        const device = await new FakeContext().signedIn();
        const {id} = await device.write({files: [file("photo"), file("thumb")]});
        await device.flush();
        const [call] = device.server.calls;
        expect(call!.headers).toMatchObject({"X-BGSync": "1", "X-CSRFToken": "token"});
        expect(call!.headers).not.toHaveProperty("Content-Type");
        expect(parts(call!).map(([name]) => name)).toEqual(["envelope", `${id}/photo`, `${id}/thumb`]);
        const photo = parts(call!)[1]![1] as File;
        expect(photo).toMatchObject({name: "photo.jpg", type: "image/jpeg"});
        expect(new Uint8Array(await photo.arrayBuffer())).toEqual(BYTES);
        expect(call!.envelope.items).toMatchObject([{id, payload: {text: "hi"}}]);
        expect(call!.envelope.items[0]).not.toHaveProperty("files");
    });

    test("takes along items that have none", async () => {
        const device = await new FakeContext().signedIn();
        const [first] = await device.writeMany(1);
        const {id} = await device.write({files: [file()]});
        await device.flush();
        expect(device.server.sent).toEqual([[first, id]]);
    });

    test("has as many files as the server takes", async () => {
        const device = await new FakeContext().signedIn();
        await limit(device, {max_files: 3});
        for (let i = 0; i < 4; i += 1) await device.write({files: [file("a"), file("b")]});
        await device.flush();
        expect(device.server.calls.map((call) => parts(call).length - 1)).toEqual([2, 2, 2, 2]);
    });

    test("has as many bytes of files as the server takes", async () => {
        const device = await new FakeContext().signedIn();
        await limit(device, {max_delivery_file_bytes: 1_000});
        for (let i = 0; i < 5; i += 1) await device.write({files: [file("a", 400)]});
        await device.flush();
        expect(device.server.sent.map((ids) => ids.length)).toEqual([2, 2, 1]);
    });

    test("is no larger than a bad connection can bear, one large item apart", async () => {
        const device = await new FakeContext().signedIn();
        for (const size of [5, 5, 9, 1]) await device.write({files: [file("a", size * MEBIBYTE)]});
        await device.flush();
        expect(device.server.sent.map((ids) => ids.length)).toEqual([1, 1, 1, 1]);
    });

    test("has the time that its bytes need", async () => {
        vi.useFakeTimers({toFake: ["setTimeout", "clearTimeout"]});
        const device = await new FakeContext().signedIn();
        await device.write({files: [file("a", 8_000_000)]});
        device.server.deliveries = () => "hang";
        const ended = vi.fn();
        const flushing = device.flush().then(ended);
        await settle();
        await vi.advanceTimersByTimeAsync(500_000);
        await settle();
        expect(ended).not.toHaveBeenCalled();
        await vi.advanceTimersByTimeAsync(60_000);
        await flushing;
        expect(await device.states()).toEqual(["queued"]);
        vi.useRealTimers();
    });

    test("is halved where it takes too long", async () => {
        const device = await new FakeContext(undefined, {timeout: 5}).signedIn();
        const ids = [];
        for (let i = 0; i < 4; i += 1) ids.push((await device.write({files: [file()]})).id);
        device.server.deliveries = ({envelope}) => (envelope.items.length > 2 ? "hang" : undefined);
        await device.flush();
        expect(device.server.sent).toEqual([ids, ids.slice(0, 2), ids.slice(2)]);
    });

    test("carries them again after a try without a verdict", async () => {
        const device = await new FakeContext().signedIn();
        await device.write({files: [file()]});
        device.server.deliveries = (_call, number) => (number < 3 ? [NO_NETWORK, page(502)][number - 1] : undefined);
        for (let i = 0; i < 3; i += 1) await device.flush();
        expect(device.server.calls.filter(({envelope}) => envelope).map((call) => parts(call).length)).toEqual([2, 2, 2]);
        expect(await device.states()).toEqual([]);
    });

    test("carries them under the new id of a copy", async () => {
        const device = await new FakeContext().signedIn();
        const {id} = await device.write({files: [file()]});
        device.server.deliveries = (_call, number) => (
            number === 1 ? json(device.server.answer([result(id, "expired", {code: "id_too_old"})])) : undefined
        );
        await device.flush();
        const copy = device.server.sent[1]![0]!;
        expect(copy).not.toBe(id);
        expect(parts(device.server.calls[1]!)[1]![0]).toBe(`${copy}/photo`);
    });

    test("is not the last request of a page", async () => {
        const device = await new FakeContext().signedIn();
        const unsent = new Unsent();
        unsent.add(await device.write({files: [file()]}));
        const lastFlush = new LastFlush(device.runtime, device.session, unsent);
        await settle();
        lastFlush.run("token");
        expect(device.server.calls).toEqual([]);
    });
});

describe("the contents", () => {
    test("survive a reload", async () => {
        const device = await new FakeContext().signedIn();
        await device.write({files: [file()]});
        const reloaded = await new FakeContext(device.server).signedIn();
        await reloaded.flush();
        const photo = parts(device.server.calls[0]!)[1]![1] as File;
        expect(new Uint8Array(await photo.arrayBuffer())).toEqual(BYTES);
    });

    test.each(["applied", "accepted", "rejected"] as const)("are kept until the item is gone: %s", async (status) => {
        const device = await new FakeContext().signedIn();
        const {id} = await device.write({files: [file()]});
        device.server.deliveries = () => json(device.server.answer([result(id, status)]));
        await device.flush();
        expect(await contents(device)).toHaveLength(status === "applied" ? 0 : 1);
    });

    test("go with an item that is discarded, cleared or superseded, and no others do", async () => {
        const device = await new FakeContext().signedIn();
        const kept = await device.write({files: [file()]});
        await discard(device.runtime, (await device.write({files: [file(), file("b")]})).id);
        await device.write({files: [file()], coalesce_key: "k"});
        const newer = await device.write({coalesce_key: "k"});
        expect(await contents(device)).toMatchObject([{seq: kept.seq, name: "photo"}]);
        await clear(device.runtime, true);
        expect(newer.files).toBeUndefined();
        expect(await contents(device)).toEqual([]);
    });

    test("are written with their item or not at all", async () => {
        const device = await new FakeContext().signedIn();
        await expect(device.write({files: [file(), file()]})).rejects.toThrow();
        expect(await device.states()).toEqual([]);
        expect(await contents(device)).toEqual([]);
    });
});

describe("enqueue", () => {
    test("takes files and blobs", async () => {
        const [bgsync, device] = await opened();
        device.server.deliveries = () => NO_NETWORK;
        const photo = new File([BYTES], "me.png", {type: "image/png"});
        const {id} = await bgsync.enqueue("post", {}, {files: {photo, notes: new Blob(["hi"])}});
        const notes = [
            {name: "photo", filename: "me.png", type: "image/png", size: 6}, {name: "notes", filename: "", type: "", size: 2},
        ];
        expect(await bgsync.get(id)).toMatchObject({files: notes});
        expect((await bgsync.export()).items[0]!.files).toEqual([
            {...notes[1], content: "aGk="}, {...notes[0], content: btoa(String.fromCharCode(...BYTES))},
        ]);
        device.server.deliveries = () => undefined;
        await bgsync.flush();
        const delivery = device.server.calls.filter(({init}) => init.body instanceof FormData).at(-1);
        const sent = parts(delivery!).slice(1);
        expect(sent.map(([, part]) => (part as File).name)).toEqual(["notes", "me.png"]);
    });

    test.each<[string, Record<string, Blob>, object]>([
        ["too many", {a: new Blob(["1"]), b: new Blob(["2"])}, {max_files: 1}],
        ["one too large", {a: new Blob(["123"])}, {max_file_bytes: 2}],
        ["too large together", {a: new Blob(["12"]), b: new Blob(["34"])}, {max_delivery_file_bytes: 3}],
    ])("refuses what no delivery could carry: %s", async (_name, files, limits) => {
        const [bgsync, device] = await opened();
        await limit(device, limits);
        await expect(bgsync.enqueue("post", {}, {files})).rejects.toMatchObject({code: "too_large"});
        expect(await device.states()).toEqual([]);
    });

    test.each([["text", "a"], ["", new Blob()], ["a\nb", new Blob()], ["x".repeat(101), new Blob()], ["none", null]])(
        "refuses %j: %j", async (name, value) => {
            const [bgsync] = await opened();
            await expect(bgsync.enqueue("post", {}, {files: {[name]: value as Blob}})).rejects.toThrow(TypeError);
        },
    );

    test("refuses a file that cannot be read any more", async () => {
        const [bgsync, device] = await opened();
        const gone = Object.assign(new Blob(["x"]), {arrayBuffer: () => Promise.reject(new DOMException("gone", "NotReadableError"))});
        await expect(bgsync.enqueue("post", {}, {files: {gone}})).rejects.toMatchObject({code: "not_serializable"});
        expect(await device.states()).toEqual([]);
    });

    test("keeps the order of the calls, however long a file takes to read", async () => {
        const [bgsync, device] = await opened();
        let finish!: (content: ArrayBuffer) => void;
        const slow = Object.assign(new Blob(["x"]), {arrayBuffer: () => new Promise<ArrayBuffer>((resolve) => (finish = resolve))});
        const first = bgsync.enqueue("post", "first", {files: {slow}, lane: "x"});
        const second = bgsync.enqueue("post", "second", {lane: "x"});
        await settle();
        finish(new ArrayBuffer(1));
        await Promise.all([first, second]);
        await bgsync.idle();
        expect(device.server.envelopes.flatMap(({items}) => items.map(({payload}) => payload))).toEqual(["first", "second"]);
    });
});

test("a server that takes less than before: only what is too large for any delivery parks", async () => {
    const device = await new FakeContext().signedIn();
    const large = await device.write({files: [file("a", 500)]});
    const small = await device.write({files: [file("b", 50)]});
    const limits = {...(await device.device()).limits, max_file_bytes: 100};
    device.server.deliveries = ({envelope}) => (
        envelope.items.some(({id}) => id === large.id) ? problem(413, "too_large", {limits}) : undefined
    );
    await device.flush();
    expect(await device.stored()).toMatchObject([{id: large.id, state: "parked", result: {status: "rejected", code: "too_large"}}]);
    expect(device.heard("parked")).toMatchObject([{item: {id: large.id}}]);
    expect(device.server.sent.at(-1)).toEqual([small.id]);
});
