import {TooLargeError} from "./errors";
import type {Envelope, Limits} from "./protocol";
import type {StoredFile, StoredItem, Tx} from "./schema";

/** What is known of a file without reading it. */
export interface FileNote {
    /** Of the field; handlers find it under this name. */
    name: string;
    filename: string;
    /** Media type, "" if unknown. */
    type: string;
    /** Bytes. */
    size: number;
}

export interface NewFile extends FileNote {
    content: ArrayBuffer;
}

/** One part of a delivery. */
export interface Attachment {
    part: string;
    filename: string;
    content: Blob;
}

export function fileBytes(files: FileNote[] = []): number {
    return files.reduce((sum, {size}) => sum + size, 0);
}

/** Why the server would never take these, whatever else is in the delivery; null if it may. */
export function excess(files: FileNote[] = [], limits: Limits): TooLargeError | null {
    const checks: [string, number, number, string?][] = [
        ["There are", files.length, limits.max_files, "files"],
        ["A file has", Math.max(0, ...files.map(({size}) => size)), limits.max_file_bytes],
        ["The files have", fileBytes(files), limits.max_delivery_file_bytes],
    ];
    const failed = checks.find(([, count, allowed]) => count > allowed);
    return failed ? new TooLargeError(...failed) : null;
}

/** What an item has in the store of files. */
export function filesOf({seq}: StoredItem): IDBKeyRange {
    return IDBKeyRange.bound([seq], [seq, []]);
}

export function readFiles(tx: Tx, item: StoredItem): Promise<StoredFile[]> {
    return tx.objectStore("files").getAll(filesOf(item));
}

/** The files of items that are about to be sent. */
export async function attachments(tx: Tx, items: StoredItem[]): Promise<Attachment[]> {
    const found = items.filter(({files}) => files).map(async (item) => (
        (await readFiles(tx, item)).map(({name, filename, type, content}) => (
            {part: `${item.id}/${name}`, filename: filename || name, content: new Blob([content], {type})}
        ))
    ));
    return (await Promise.all(found)).flat();
}

/** RFC 7578; the browser makes the boundary and names it in the Content-Type. */
export function writeForm(envelope: Envelope, attached: Attachment[]): FormData {
    const form = new FormData();
    form.append("envelope", JSON.stringify(envelope));
    for (const {part, filename, content} of attached) form.append(part, content, filename);
    return form;
}
