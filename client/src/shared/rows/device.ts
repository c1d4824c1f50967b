import {postponed, type Moment} from "../vocabulary/backoff";
import {DEFAULT_LIMITS, type Capabilities, type Limits, type Trigger} from "../vocabulary/protocol";
import {promised} from "./promised";
import type {Tx, WriteTx} from "./schema";

/** What this browser profile remembers beside the items. One row, changed only inside transactions. */
export interface Device {
    /** The client id, a UUIDv4. */
    client: string;
    /** Owner key last confirmed by the server, "" for nobody. */
    owner: string;
    /** Owner key of the visitor that this client is while nobody has signed in, "" if that is not known. */
    visitor: string;
    /** A user has taken over what this client did as a visitor. */
    isBound: boolean;
    /** The server wants nothing more of this client, until it says otherwise to a page. */
    isRevoked: boolean;
    /** Milliseconds to add to the device's clock to get the server's. */
    clock: number;
    /** The server's clock at its latest answer, 0 before the first. */
    answered_at: number;
    /** How many times it has answered. */
    answers: number;
    /** How many of them the waiting items have been looked through for: they may be many. */
    aged: number;
    /** The last id of a copy or a captured request, "" before the first. */
    last_id: string;
    limits: Limits;
    /** The server asked for no delivery before this instant. */
    not_before: number;
    /** Deliveries in a row that reached no verdict, and when the next one is due. */
    failures: number;
    next_try: number;
    /** Somebody wanted a flush while another context was flushing, and why. */
    dirty: Trigger | null;
    /** Who flushes where there are no Web Locks. */
    lease: {by: string; until: number};
    /** Browser sync tags whose last event failed: the browser waits minutes before it fires them again. */
    failed_tags: string[];
    /** When the latest of them did. */
    failed_at: number;
    dropped: Record<string, number>;
    /** As the last page found them; the worker cannot find out by itself. */
    capabilities: Partial<Capabilities>;
    app_version: string;
    worker_version: string;
}

export const INITIAL_DEVICE: Device = {
    client: "",
    owner: "",
    visitor: "",
    isBound: false,
    isRevoked: false,
    clock: 0,
    answered_at: 0,
    answers: 0,
    aged: 0,
    last_id: "",
    limits: DEFAULT_LIMITS,
    not_before: 0,
    failures: 0,
    next_try: 0,
    dirty: null,
    lease: {by: "", until: 0},
    failed_tags: [],
    failed_at: 0,
    dropped: {},
    capabilities: {},
    app_version: "",
    worker_version: "",
};

/** As it is in this transaction, which reads it once: do not keep it, its changes show here too. */
export function readDevice(tx: Tx): Promise<Device> {
    let device = known.get(tx);
    if (!device) known.set(tx, (device = read(tx)));
    return device;
}

export async function changeDevice(tx: WriteTx, changes: Partial<Device>): Promise<void> {
    tx.objectStore("meta").put(Object.assign(await readDevice(tx), changes), "device");
}

const known = new WeakMap<Tx, Promise<Device>>();

async function read(tx: Tx): Promise<Device> {
    return {...INITIAL_DEVICE, ...(await promised(tx.objectStore("meta").get("device")))};
}

/** The server could not be reached: leave it alone for a while. */
export async function backOff(tx: WriteTx, moment: Moment): Promise<void> {
    await changeDevice(tx, postponed(await readDevice(tx), moment));
}

/** Nothing got through the last time, or the browser sees no network. Both may be over: a reason to ask before sending. */
export function isCutOff({failures}: Device): boolean {
    return failures > 0 || globalThis.navigator?.onLine === false;
}

/** The server has said nothing for an hour, or the clock was changed since: what we take for its time may be wrong. */
export function isLongAgo({answered_at, clock}: Device, now: number): boolean {
    return Math.abs(now + clock - answered_at) > 3_600_000;
}
