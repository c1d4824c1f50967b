import type {Runtime} from "./runtime";

/** Headers as `fetch` takes them, or a promise of them. */
export type HeaderSource = () => HeadersInit | Promise<HeadersInit>;

export interface Options {
    /** Asked at each request to our API; what it gives is kept nowhere. */
    headers?: HeaderSource;
    /** What the site calls its present release, for the history on the server. */
    appVersion?: string;
}

const OPTIONS = new Set(["headers", "appVersion"]);
const MAX_VERSION = 100;

/** Raises TypeError for what it does not know: an option that is misspelt would be missed when it is too late. */
export function configure(runtime: Runtime, options: Options): void {
    for (const name of Object.keys(options)) {
        if (!OPTIONS.has(name)) throw new TypeError(`bgsync: configure() knows no option ${JSON.stringify(name)}`);
    }
    if (options.headers) runtime.headers = options.headers;
    if (options.appVersion !== undefined) runtime.appVersion = readVersion(options.appVersion);
}

/** As the server takes it: what it does not take would make it refuse whole deliveries. */
export function readVersion(version: string): string {
    return version.slice(0, MAX_VERSION).replace(/\0|\p{Surrogate}/gu, "");
}

/** A request's headers: the project's, then our own, which it cannot change. */
export function joined(theirs: HeadersInit | undefined, ours: Record<string, string>): Headers {
    const headers = new Headers(theirs);
    for (const [name, value] of Object.entries(ours)) headers.set(name, value);
    return headers;
}
