import type {ConnectionState} from "../../page/connection";
import {isPast} from "../../shared/vocabulary/backoff";
import type {Device} from "../../shared/rows/device";
import type {FileNote} from "../../shared/rows/files";
import {isRetryable, mayBeHeld} from "../../shared/rows/items";
import type {Json} from "../../shared/vocabulary/protocol";
import type {ItemState, StoredItem} from "../../shared/rows/schema";

/** What an item waits for. */
export type Next = Exclude<ItemState, "queued"> | "soon" | "later" | "offline";

/** What is shown of an item before anybody asks for more: nothing of its payload. */
export interface Entry {
    id: string;
    state: ItemState;
    /** The tag, or method and path of a captured request. */
    title: string;
    files: FileNote[];
    written: number;
    sent: number;
    /** Of the latest verdict, or of the latest try that brought none; "" before. */
    code: string;
    /** What the server says to people. */
    reason: string;
    next: Next;
    /** When it is tried again, with `later`. */
    due: number;
    /** It was sent, and nobody knows whether it arrived: it must not be deleted. */
    mayBeHeld: boolean;
    isRetryable: boolean;
    isDiscardable: boolean;
}

/** When nothing is sent before, whatever the item's own patience is. */
type Patience = Pick<Device, "next_try" | "not_before">;

export function entryOf(item: StoredItem, device: Patience, now: number, connection: ConnectionState): Entry {
    const {id, state, tag, request, files = [], result} = item;
    const due = dueAt([item, device], now);
    return {
        id, state, files, due,
        title: request ? `${request.method} ${request.path}` : tag,
        written: item.created_at,
        sent: item.send_count,
        code: result?.code ?? item.last_error ?? "",
        reason: reasonOf(result?.problem),
        next: state !== "queued" ? state : connection === "offline" ? "offline" : due ? "later" : "soon",
        mayBeHeld: mayBeHeld(item) && (state === "queued" || state === "blocked"),
        isRetryable: isRetryable(item),
        isDiscardable: !mayBeHeld(item) && state !== "sending",
    };
}

/** 0 if nothing keeps it from being sent. */
function dueAt(patiences: Patience[], now: number): number {
    const instants = patiences.flatMap(({next_try, not_before}) => [next_try, not_before]);
    return Math.max(0, ...instants.filter((instant) => !isPast(instant, now)));
}

/** The messages of a serializer, each with its field; else the sentence that the server has given. */
export function reasonOf(problem: Json | undefined): string {
    if (!isObject(problem)) return "";
    const {errors, detail} = problem;
    return messages(errors).join(" ") || (typeof detail === "string" ? detail : "");
}

function messages(errors: Json | undefined): string[] {
    if (typeof errors === "string") return [errors];
    if (Array.isArray(errors)) return errors.flatMap(messages);
    return isObject(errors) ? Object.entries(errors).flatMap(([field, given]) => messages(given).map((message) => `${field}: ${message}`)) : [];
}

function isObject(value: Json | undefined): value is {[key: string]: Json} {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}
