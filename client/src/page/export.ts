import type {NewFile} from "../shared/files";
import type {Item} from "./api";

interface ExportedFile extends Omit<NewFile, "content"> {
    /** Base64. */
    content: string;
}

/** What is in the outbox, for a support desk or a copy elsewhere. It survives JSON. */
export interface Export {
    bgsync: 1;
    /** ISO 8601, by the device's clock. */
    exportedAt: string;
    items: (Item & {files: ExportedFile[]})[];
}

export function exported(items: (Item & {files: NewFile[]})[], now: number): Export {
    const readable = items.map((item) => ({...item, files: item.files.map(written)}));
    return {bgsync: 1, exportedAt: new Date(now).toISOString(), items: readable};
}

function written({name, filename, type, size, content}: NewFile): ExportedFile {
    let binary = "";
    for (const byte of new Uint8Array(content)) binary += String.fromCharCode(byte);
    return {name, filename, type, size, content: btoa(binary)};
}
