import type {Announcement} from "../outbox/messages";
import type {Database} from "../rows/database";
import type {Result} from "../vocabulary/protocol";
import type {Cause, Ending} from "./cause";
import type {Config} from "./config";
import type {HeaderSource} from "./configuration";
import type {FlushLock} from "./lock";
import type {SessionCheck} from "./session";

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
    /** A page of an insecure origin has none. */
    locks: LockManager | undefined;
    fetch: (url: string, init: RequestInit) => Promise<Response>;
    /** The CSRF cookie's value, null where scripts cannot read it. */
    csrfCookie: () => Promise<string | null>;
    /** Whether this context has learned whose session it is, rather than taking the last known one for granted. */
    isConfirmed: boolean;
    /** What the project adds to each request. */
    headers?: HeaderSource;
    /** Sends captured requests; a context that never has any goes without. */
    replay?: (session: SessionCheck, lock: FlushLock, cause: Cause) => Promise<Ending>;
    /** Stores the pages that results name, before the items settle. Never rejects: what was applied is applied. */
    keepPages?: (owner: string, results: Result[]) => Promise<void>;
    /** In a sync event that has sent everything: whether the browser is to come back for news of this tag. */
    linger?: (tag: string, cause: Cause & {signal: AbortSignal}) => Promise<boolean>;
    announce: (...announcements: Announcement[]) => void;
    now: () => number;
    random: () => number;
    /** Milliseconds one request may take. */
    timeout: number;
}
