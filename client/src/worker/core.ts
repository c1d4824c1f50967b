import type {Runtime} from "../shared/context/runtime";
import type {SessionCheck} from "../shared/context/session";
import type {Flusher} from "../shared/flushing/flusher";
import type {Announcement} from "../shared/outbox/messages";
import type {VerdictRule} from "../shared/rows/captured";
import type {Project} from "./project";
import type {WorkerScope} from "./scope";

/** What the worker script is to its parts. */
export interface WorkerCore {
    /** `self`: parts add listeners of their own, in the first turn of the script as the browser demands. */
    scope: WorkerScope;
    runtime: Runtime;
    session: SessionCheck;
    flusher: Flusher;
    /** What the project's code in the worker has said, and `self.bgsync`, to which a part may add methods. */
    project: Project;
    /** Be told every announcement, of this context and of the others. */
    listen: (listener: (announcement: Announcement) => void) => void;
}

/** Started once, by the core. */
export type WorkerPart = (core: WorkerCore, config: WorkerConfig) => void;

/** Which requests of pages are kept where nobody answers. */
export interface CapturePattern {
    /** A regular expression for the path. */
    url: string;
    methods: string[];
    verdict: VerdictRule;
}

/** What is kept on the device for pages without a connection. */
export interface PrecacheConfig {
    /** Of all of it: another one is fetched anew. */
    version: string;
    urls: string[];
    /** The page that is shown in place of one that cannot be loaded. */
    offline: string | null;
}

export interface WorkerConfig {
    base: string;
    csrfCookie: string;
    csrfHeader: string;
    maxAge: number;
    /** False when imported into a project's own worker, which decides about its lifecycle itself. */
    lifecycle: boolean;
    version: string;
    scope?: string;
    parts?: WorkerPart[];
    capture?: CapturePattern[];
    precache?: PrecacheConfig;
}

declare const self: {__bgsync: WorkerConfig};

/** What a part's bundle does: it comes after the configuration and before the core, in one script with both. */
export function plugIn(part: WorkerPart): void {
    (self.__bgsync.parts ??= []).push(part);
}
