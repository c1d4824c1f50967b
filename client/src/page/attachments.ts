import type {Database} from "../shared/rows/database";
import {readDevice} from "../shared/rows/device";
import {excess, type FileNote, type NewFile} from "../shared/rows/files";
import {NotSerializableError, TooLargeError} from "../shared/vocabulary/errors";
import type {Limits} from "../shared/vocabulary/protocol";

const MAX_NAME = 100;
const EXCESSES: {[limit in keyof Limits]?: [what: string, unit?: string]} = {
    max_files: ["There are", "files"], max_file_bytes: ["A file has"], max_delivery_file_bytes: ["The files have"],
};

/**
 * The contents of files, as bytes: some browsers lose a Blob that was stored. Raises TypeError for wrong use, TooLargeError
 * before anything is read, NotSerializableError for a file that cannot be read any more.
 */
export async function readAttachments(db: Database, files: Record<string, Blob>): Promise<NewFile[]> {
    const named = Object.entries(files).map(([name, blob]) => {
        const isFine = blob instanceof Blob && name && name.length <= MAX_NAME && !/[\0-\x1f\x7f]|\p{Surrogate}/u.test(name);
        if (!isFine) throw new TypeError(`bgsync: files.${name} is no Blob, or its name is too long`);
        return {blob, name, filename: (blob as File).name ?? "", type: blob.type, size: blob.size};
    });
    if (named.length) checkSizes(named, (await db.read(readDevice)).limits);
    return Promise.all(named.map(async ({blob, ...note}) => ({...note, content: await read(blob)})));
}

function checkSizes(files: FileNote[], limits: Limits): void {
    const [limit, count] = excess(files, limits) ?? [];
    if (!limit) return;
    const [what, unit] = EXCESSES[limit]!;
    throw new TooLargeError(what, count!, limits[limit], unit);
}

async function read(blob: Blob): Promise<ArrayBuffer> {
    try {
        return await blob.arrayBuffer();
    } catch (error) {
        throw new NotSerializableError(error);
    }
}
