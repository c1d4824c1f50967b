const COUNTS = 4096;

/** A UUIDv4. `crypto.randomUUID` does not exist on insecure origins, `getRandomValues` does. */
export function uuid4(): string {
    const random = crypto.getRandomValues(new Uint8Array(16));
    random[6] = (random[6]! & 0x0f) | 0x40;
    random[8] = (random[8]! & 0x3f) | 0x80;
    const digits = Array.from(random, (byte) => hex(byte, 2)).join("");
    return digits.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** The next UUIDv7 (RFC 9562 6.2, method 1) at `now` or, where the clock went back, after `last`, an id of ours or "". */
export function mint(last: string, now: number, random = uuid4()): string {
    const end = random.slice(18);
    // A random start in the lower quarter leaves room to count without giving away how many were minted.
    if (stamp(now) > last) return stamp(now) + hex(parseInt(end.slice(-4), 16) % (COUNTS / 4), 3) + end;
    const count = parseInt(last.slice(15, 18), 16) + 1;
    if (count < COUNTS) return last.slice(0, 15) + hex(count, 3) + end;
    return `${stamp(parseInt(last.replace("-", ""), 16) + 1)}000${end}`;
}

/** How an id of this millisecond begins. */
function stamp(at: number): string {
    return hex(Math.trunc(at), 12).replace(/(.{8})/, "$1-") + "-7";
}

function hex(number: number, length: number): string {
    return number.toString(16).padStart(length, "0");
}
