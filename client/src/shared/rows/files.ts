import type {Envelope, Limits} from "../vocabulary/protocol";
import {promised} from "./promised";
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

/** One part of a delivery, as a form takes it. */
export type Attachment = [name: string, content: Blob, filename: string];

export function fileBytes(files: FileNote[] = []): number {
    return files.reduce((sum, {size}) => sum + size, 0);
}

/** The limit because of which the server would never take these, whatever else is in the delivery, and what they have of it. */
export function excess(files: FileNote[] = [], limits: Limits): [limit: keyof Limits, count: number] | undefined {
    const counts: [keyof Limits, number][] = [
        ["max_files", files.length],
        ["max_file_bytes", Math.max(0, ...files.map(({size}) => size))],
        ["max_delivery_file_bytes", fileBytes(files)],
    ];
    return counts.find(([limit, count]) => count > limits[limit]);
}

/** What an item has in the store of files. */
export function filesOf({seq}: StoredItem): IDBKeyRange {
    return IDBKeyRange.bound([seq], [seq, []]);
}

export function readFiles(tx: Tx, item: StoredItem): Promise<StoredFile[]> {
    return promised(tx.objectStore("files").getAll(filesOf(item)));
}

/** The files of items that are about to be sent. */
export async function attachments(tx: Tx, items: StoredItem[]): Promise<Attachment[]> {
    const found = items.filter(({files}) => files).map(async (item) => (
        (await readFiles(tx, item)).map(({name, filename, type, content}): Attachment => (
            [`${item.id}/${name}`, new Blob([content], {type}), filename || name]
        ))
    ));
    return (await Promise.all(found)).flat();
}

/** RFC 7578; the browser makes the boundary and names it in the Content-Type. */
export function writeForm(envelope: Envelope, attached: Attachment[]): FormData {
    const form = new FormData();
    form.append("envelope", JSON.stringify(envelope));
    for (const part of attached) form.append(...part);
    return form;
}
