import type {Draft} from "../shared/outbox/outbox";
import {BgsyncError, NotSerializableError} from "../shared/vocabulary/errors";
import type {Notice} from "../shared/vocabulary/notices";
import type {Json} from "../shared/vocabulary/protocol";

export interface EnqueueOptions {
    /** Items of one named lane reach the server in the order they were written. */
    lane?: string;
    /** Replaces items of the same tag, lane and key that were never sent; the newest counts. */
    coalesceKey?: string | null;
    /** By the names under which the handler finds them. */
    files?: Record<string, Blob>;
    /** Milliseconds after which it is not worth sending any more. */
    maxAge?: number | null;
    /** Shown when the server has applied it, if no page of the site is in front and the user has allowed notifications. */
    notify?: Notice | null;
}

const TAG = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const OPTIONS = new Set(["lane", "coalesceKey", "maxAge", "files", "notify"]);
const MAX_NAME = 100;
/** Compiled once; no text outside a payload may hold it. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

/** What `enqueue` was given, checked. Raises TypeError for wrong use, NotSerializableError for what JSON cannot carry. */
export function readDraft(tag: string, payload: unknown, options: EnqueueOptions): Draft {
    if (!TAG.test(tag)) throw new TypeError(`bgsync: tag ${JSON.stringify(tag)}: not ${TAG.source}`);
    const unknown = Object.keys(options).find((name) => !OPTIONS.has(name));
    // What an ignored option meant to say would be lost without a word.
    if (unknown) throw new TypeError(`bgsync: enqueue() knows no option ${JSON.stringify(unknown)}`);
    const text = written(payload);
    const bytes = new TextEncoder().encode(text).length;
    const {lane, coalesceKey: key, maxAge} = options;
    if (!((maxAge ?? 1) > 0)) throw new TypeError("bgsync: maxAge is not positive");
    return {
        tag,
        ...((lane ?? "") !== "" && {lane: readName("lane", lane!)}),
        payload: JSON.parse(text) as Json,
        bytes,
        ...((key ?? null) !== null && {coalesce_key: readName("coalesceKey", key!)}),
        ...((maxAge ?? null) !== null && {max_age: maxAge!}),
        ...(options.notify && {notify: readNotice(options.notify)}),
    };
}

function readNotice(notice: Notice): Notice {
    const isFine = (value: unknown) => value === undefined || typeof value === "string";
    const {title, body, url} = notice;
    if (!title || ![title, body, url].every(isFine)) throw new TypeError("bgsync: notify needs a title");
    const address = new URL(url ?? "", location.href);
    if (address.origin !== location.origin) throw new TypeError(`bgsync: notify.url ${url} is not of this site`);
    return {title, ...(body && {body}), ...(url !== undefined && {url: address.href})};
}

function readName(what: string, name: string): string {
    // A NUL or half a surrogate pair outside a payload makes the server refuse the whole delivery.
    const isClean = typeof name === "string" && name.length <= MAX_NAME && !UNSTORABLE.test(name);
    if (!isClean) throw new TypeError(`bgsync: a ${what} has at most ${MAX_NAME} characters`);
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
