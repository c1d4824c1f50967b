import type {Config} from "./config";
import type {HeaderSource} from "./configuration";
import type {Database} from "./database";
import type {Announcement} from "./messages";

/** What the flush engine needs of the context it runs in. */
export interface Runtime {
    config: Config;
    context: "page" | "worker";
    /** Of this page or this start of the worker. */
    instance: string;
    /** Of the worker; a page knows it from the device. */
    version: string;
    /** Of the site; "" if it has not said it here. */
    appVersion: string;
    db: Database;
    locks: LockManager | undefined;
    fetch: (url: string, init: RequestInit) => Promise<Response>;
    /** The CSRF cookie's value, null where scripts cannot read it. */
    csrfCookie: () => Promise<string | null>;
    /** What the project adds to each request. */
    headers?: HeaderSource;
    announce: (...announcements: Announcement[]) => void;
    now: () => number;
    random: () => number;
    /** Milliseconds one request may take. */
    timeout: number;
}
