import {BgsyncError, NotSerializableError} from "../shared/errors";
import type {Draft} from "../shared/outbox";
import type {Json} from "../shared/protocol";

export interface EnqueueOptions {
    /** Items of one named lane reach the server in the order they were written. */
    lane?: string;
}

const TAG = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const OPTIONS = new Set(["lane"]);
const MAX_LANE = 100;

/** What `enqueue` was given, checked. Raises TypeError for wrong use, NotSerializableError for what JSON cannot carry. */
export function readDraft(tag: string, payload: unknown, options: EnqueueOptions): Draft {
    if (!TAG.test(tag)) throw new TypeError(`bgsync: tag ${JSON.stringify(tag)} does not match ${TAG.source}`);
    const unknown = Object.keys(options).find((name) => !OPTIONS.has(name));
    // What an ignored option meant to say would be lost without a word.
    if (unknown) throw new TypeError(`bgsync: enqueue() knows no option ${JSON.stringify(unknown)}`);
    const text = written(payload);
    const bytes = new TextEncoder().encode(text).length;
    return {tag, lane: readLane(options.lane ?? ""), payload: JSON.parse(text) as Json, bytes};
}

function readLane(lane: string): string {
    // A NUL or half a surrogate pair outside a payload makes the server refuse the whole delivery.
    const isClean = typeof lane === "string" && lane.length <= MAX_LANE && !/\0|\p{Surrogate}/u.test(lane);
    if (!isClean) throw new TypeError(`bgsync: a lane is a string of at most ${MAX_LANE} characters`);
    return lane;
}

function written(payload: unknown): string {
    let text: string | undefined;
    try {
        text = JSON.stringify(payload, refuseLossy);
    } catch (error) {
        throw error instanceof BgsyncError ? error : new NotSerializableError(error);
    }
    if (text === undefined) throw new NotSerializableError();
    return text;
}

/** JSON.stringify turns a File or a Map into `{}` and NaN into null: better an error than a payload that lost its content. */
function refuseLossy(_key: string, value: unknown): unknown {
    const isLossy = typeof value === "number"
        ? !Number.isFinite(value)
        : typeof value === "object" && value !== null && !PLAIN.has(Object.prototype.toString.call(value));
    if (isLossy) throw new NotSerializableError();
    return value;
}

const PLAIN = new Set(["Object", "Array", "String", "Number", "Boolean"].map((name) => `[object ${name}]`));
