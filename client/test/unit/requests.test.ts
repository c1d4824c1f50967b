import {expect, test} from "vitest";

import {completion, outcome, promised} from "../../src/shared/requests";
import {openHandle, type WriteTx} from "../../src/shared/schema";

async function begin(): Promise<{raw: IDBTransaction; tx: WriteTx}> {
    const db = await openHandle(() => undefined);
    const raw = db.transaction(["meta", "results"], "readwrite");
    return {raw, tx: promised<WriteTx>(raw)};
}

const KEPT = {id: "a", owner: "", settled_at: 1, settlement: {id: "a", status: "discarded"}} as const;

test("what was asked for comes as a promise, from stores and their indexes", async () => {
    const {tx} = await begin();
    expect(await tx.objectStore("results").put(KEPT)).toBe("a");
    expect(await tx.objectStore("results").index("settled_at").getAll()).toEqual([KEPT]);
});

test("a request that fails rejects, and fails its transaction with the same error", async () => {
    const {raw, tx} = await begin();
    await tx.objectStore("results").put(KEPT);
    const done = completion(raw);
    done.catch(() => undefined);
    await expect(tx.objectStore("results").add(KEPT)).rejects.toMatchObject({name: "ConstraintError"});
    await expect(done).rejects.toMatchObject({name: "ConstraintError"});
});

test("a transaction that is aborted by itself rejects too", async () => {
    const {raw} = await begin();
    const done = completion(raw);
    raw.abort();
    await expect(done).rejects.toMatchObject({name: "AbortError"});
});

test("a database that cannot be opened rejects", async () => {
    (await openHandle(() => undefined)).close();
    await expect(outcome(indexedDB.open("django-bgsync", 1))).rejects.toMatchObject({name: "VersionError"});
});
