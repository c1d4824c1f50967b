import {readDevice} from "../shared/device";
import type {Database} from "../shared/database";
import {NotSerializableError} from "../shared/errors";
import {excess, type NewFile} from "../shared/files";

const MAX_NAME = 100;

/**
 * The contents of files, as bytes: some browsers lose a Blob that was stored. Raises TypeError for wrong use, TooLargeError
 * before anything is read, NotSerializableError for a file that cannot be read any more.
 */
export async function readAttachments(db: Database, files: Record<string, Blob>): Promise<NewFile[]> {
    const named = Object.entries(files).map(([name, blob]) => {
        const isFine = blob instanceof Blob && name && name.length <= MAX_NAME && !/[\0-\x1f\x7f]|\p{Surrogate}/u.test(name);
        if (!isFine) throw new TypeError(`bgsync: files.${name} is not a File or Blob under a name of 1 to ${MAX_NAME} characters`);
        return {blob, name, filename: (blob as File).name ?? "", type: blob.type, size: blob.size};
    });
    const tooLarge = named.length && excess(named, (await db.read(readDevice)).limits);
    if (tooLarge) throw tooLarge;
    return Promise.all(named.map(async ({blob, ...note}) => ({...note, content: await read(blob)})));
}

async function read(blob: Blob): Promise<ArrayBuffer> {
    try {
        return await blob.arrayBuffer();
    } catch (error) {
        throw new NotSerializableError(error);
    }
}
