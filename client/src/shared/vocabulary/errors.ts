export type ErrorCode =
    | "quota_exceeded" | "storage_unavailable" | "too_large" | "not_serializable" | "already_sent" | "not_retryable"
    | "unavailable";

/** Base of every error a caller can be expected to handle; `code` is stable. Wrong use of the API is a TypeError. */
export class BgsyncError extends Error {
    constructor(readonly code: ErrorCode, message: string, options?: ErrorOptions) {
        super(message, options);
        // Not that of the class: minified, it has one letter.
        this.name = `${code.replace(/(?:^|_)./g, (start) => start.slice(-1).toUpperCase())}Error`;
    }
}

export class QuotaExceededError extends BgsyncError {
    constructor(cause: unknown) {
        super("quota_exceeded", "The browser has no room left for this site.", {cause});
    }
}

export class StorageUnavailableError extends BgsyncError {
    constructor(cause?: unknown) {
        super("storage_unavailable", "The browser refuses to store data for this site.", {cause});
    }
}

export class TooLargeError extends BgsyncError {
    constructor(what: string, count: number, allowed: number, unit = "bytes") {
        super("too_large", `${what} ${count} ${unit}; ${allowed} are allowed.`);
    }
}

export class NotSerializableError extends BgsyncError {
    constructor(cause?: unknown) {
        super("not_serializable", "The payload cannot be written as JSON.", {cause});
    }
}

export class AlreadySentError extends BgsyncError {
    constructor(id: string) {
        super("already_sent", `Item ${id} may have reached the server.`);
    }
}

export class NotRetryableError extends BgsyncError {
    constructor(id: string) {
        super("not_retryable", `Item ${id} cannot be tried again: only parked items can, and not every one of them.`);
    }
}

/** A part of the page script could not be loaded: later it may. */
export class UnavailableError extends BgsyncError {
    constructor(part: string, cause: unknown) {
        super("unavailable", `The ${part} cannot be loaded now.`, {cause});
    }
}

/** What IndexedDB raised, as the error a caller is promised. Other errors pass through. */
export function translated(error: unknown): unknown {
    if (error instanceof BgsyncError) return error;
    const name = error instanceof Error || error instanceof DOMException ? error.name : "";
    if (name === "QuotaExceededError") return new QuotaExceededError(error);
    return STORAGE_FAILURES.has(name) || typeof indexedDB === "undefined" ? new StorageUnavailableError(error) : error;
}

const STORAGE_FAILURES = new Set([
    "AbortError", "InvalidStateError", "NotFoundError", "SecurityError", "TransactionInactiveError", "UnknownError",
]);
