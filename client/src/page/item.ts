import type {FileNote} from "../shared/rows/files";
import type {ItemState, StoredItem} from "../shared/rows/schema";
import type {Json, Result} from "../shared/vocabulary/protocol";

export interface Item {
    id: string;
    tag: string;
    lane: string;
    seq: number;
    state: ItemState;
    payload: Json;
    /** Without their contents. */
    files: FileNote[];
    /** ISO 8601, by the device's clock. */
    createdAt: string;
    sendCount: number;
    /** The latest verdict of an accepted or parked item. */
    result: Result | null;
}

export function view(item: StoredItem): Item {
    const {id, tag, lane = "", seq, state, payload, files = [], result} = item;
    const createdAt = new Date(item.created_at).toISOString();
    return {id, tag, lane, seq, state, payload, files, createdAt, sendCount: item.send_count, result};
}
