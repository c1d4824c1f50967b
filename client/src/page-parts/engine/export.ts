import type {Export, ExportedFile} from "../../page/core";
import {view} from "../../page/item";
import type {Runtime} from "../../shared/context/runtime";
import type {Outbox} from "../../shared/outbox/outbox";
import {readFiles, type NewFile} from "../../shared/rows/files";

/** Everything in the outbox as data that survives JSON. */
export async function exported({db, now}: Runtime, outbox: Outbox): Promise<Export> {
    const items = (await outbox.list()).map(async (item) => {
        const files = item.files ? await db.read((tx) => readFiles(tx, item)) : [];
        return {...view(item), files: files.map(written)};
    });
    return {bgsync: 1, exportedAt: new Date(now()).toISOString(), items: await Promise.all(items)};
}

function written({name, filename, type, size, content}: NewFile): ExportedFile {
    let binary = "";
    for (const byte of new Uint8Array(content)) binary += String.fromCharCode(byte);
    return {name, filename, type, size, content: btoa(binary)};
}
