import {BODY, type StoredRequest, type VerdictRule} from "../../shared/rows/captured";
import type {NewFile} from "../../shared/rows/files";

/** Names that speak of who somebody is, or are the browser's or ours to say. What they prove is read anew at each try. */
const UNKEPT = /auth|cookie|csrf|key|passw|secret|session|token|^bgsync-|^x-bgsync/i;

const FIELD = "csrfmiddlewaretoken";

export function describe(request: Request, csrfHeader: string, verdict: VerdictRule): StoredRequest {
    const {pathname, search} = new URL(request.url);
    const headers = [...request.headers].filter(([name]) => !UNKEPT.test(name) && name !== csrfHeader.toLowerCase());
    const key = keyOf(request);
    return {method: request.method.toUpperCase(), path: pathname + search, headers, verdict, ...(key && {key})};
}

/** The page's own key, without the quotes of a structured field. */
function keyOf(request: Request): string | null {
    const key = request.headers.get("Idempotency-Key")?.trim();
    return key ? key.replace(/^"(.*)"$/s, "$1").replace(/\\(.)/g, "$1") : null;
}

/** The body as a file of the item, without a CSRF token that stands in a form; null if there is none. */
export function bodyFile(content: ArrayBuffer, type: string): NewFile | null {
    if (!content.byteLength) return null;
    const kept = withoutToken(content, type);
    return {name: BODY, filename: "", type, size: kept.byteLength, content: kept};
}

function withoutToken(content: ArrayBuffer, type: string): ArrayBuffer {
    if (/^application\/x-www-form-urlencoded/i.test(type)) {
        const pairs = new TextDecoder().decode(content).split("&").filter((pair) => pair.split("=")[0] !== FIELD);
        return new TextEncoder().encode(pairs.join("&")).buffer;
    }
    const boundary = /^multipart\/form-data.*;\s*boundary="?([^";]+)/i.exec(type)?.[1];
    return boundary ? withoutPart(content, boundary) : content;
}

/** Bytes stay what they are: the boundary is in the type already, and a file is not text. */
function withoutPart(content: ArrayBuffer, boundary: string): ArrayBuffer {
    const text = new TextDecoder("latin1").decode(content);  // one character a byte
    const name = text.indexOf(`name="${FIELD}"`);
    const start = name < 0 ? -1 : text.lastIndexOf(`--${boundary}`, name);
    const end = text.indexOf(`--${boundary}`, name);
    const isHead = start >= 0 && !text.slice(start, name).includes("\r\n\r\n");
    if (!isHead || end < 0) return content;
    const kept = new Uint8Array(content.byteLength - (end - start));
    kept.set(new Uint8Array(content, 0, start));
    kept.set(new Uint8Array(content, end), start);
    return kept.buffer;
}
