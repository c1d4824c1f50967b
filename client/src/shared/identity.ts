/** The last id this device minted: milliseconds and a counter within them. */
export interface Minted {
    at: number;
    count: number;
}

const COUNTS = 4096;

/** A UUIDv4. `crypto.randomUUID` does not exist on insecure origins, `getRandomValues` does. */
export function uuid4(): string {
    return format(random(), 4);
}

/** The next UUIDv7 (RFC 9562 6.2, method 1) at `now` or, where the clock went back, after the last one. */
export function mint(last: Minted, now: number): {id: string; minted: Minted} {
    const minted = following(last, Math.trunc(now));
    const bytes = random();
    const view = new DataView(bytes.buffer);
    view.setUint32(0, Math.floor(minted.at / 0x10000));
    view.setUint16(4, minted.at % 0x10000);
    view.setUint16(6, minted.count);
    return {id: format(bytes, 7), minted};
}

function following(last: Minted, now: number): Minted {
    // A random start in the lower quarter leaves room to count without giving away how many were minted.
    if (now > last.at) return {at: now, count: new DataView(random().buffer).getUint16(0) % (COUNTS / 4)};
    return last.count + 1 < COUNTS ? {at: last.at, count: last.count + 1} : {at: last.at + 1, count: 0};
}

function random(): Uint8Array<ArrayBuffer> {
    return crypto.getRandomValues(new Uint8Array(16));
}

function format(bytes: Uint8Array, version: number): string {
    bytes[6] = (bytes[6]! & 0x0f) | (version << 4);
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
