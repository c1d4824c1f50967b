import {BgsyncError, NotSerializableError} from "../shared/errors";
import type {Draft} from "../shared/outbox";
import type {Json} from "../shared/protocol";

export interface EnqueueOptions {
    /** Items of one named lane reach the server in the order they were written. */
    lane?: string;
    /** Replaces items of the same tag, lane and key that were never sent; the newest counts. */
    coalesceKey?: string | null;
    /** By the names under which the handler finds them. */
    files?: Record<string, Blob>;
    /** Milliseconds after which it is not worth sending any more. */
    maxAge?: number | null;
}

const TAG = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const OPTIONS = new Set(["lane", "coalesceKey", "maxAge", "files"]);
const MAX_NAME = 100;

/** What `enqueue` was given, checked. Raises TypeError for wrong use, NotSerializableError for what JSON cannot carry. */
export function readDraft(tag: string, payload: unknown, options: EnqueueOptions): Draft {
    if (!TAG.test(tag)) throw new TypeError(`bgsync: tag ${JSON.stringify(tag)} does not match ${TAG.source}`);
    const unknown = Object.keys(options).find((name) => !OPTIONS.has(name));
    // What an ignored option meant to say would be lost without a word.
    if (unknown) throw new TypeError(`bgsync: enqueue() knows no option ${JSON.stringify(unknown)}`);
    const text = written(payload);
    const bytes = new TextEncoder().encode(text).length;
    const {lane, coalesceKey: key, maxAge} = options;
    if (!((maxAge ?? 1) > 0)) throw new TypeError("bgsync: maxAge is a positive number of milliseconds");
    return {
        tag,
        lane: readName("lane", lane ?? ""),
        payload: JSON.parse(text) as Json,
        bytes,
        ...((key ?? null) !== null && {coalesce_key: readName("coalesceKey", key!)}),
        ...((maxAge ?? null) !== null && {max_age: maxAge!}),
    };
}

function readName(what: string, name: string): string {
    // A NUL or half a surrogate pair outside a payload makes the server refuse the whole delivery.
    const isClean = typeof name === "string" && name.length <= MAX_NAME && !/\0|\p{Surrogate}/u.test(name);
    if (!isClean) throw new TypeError(`bgsync: a ${what} is a string of at most ${MAX_NAME} characters`);
    return name;
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
