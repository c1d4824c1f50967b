import type {Config} from "../shared/context/config";
import {readVersion} from "../shared/context/configuration";

/** What `{% bgsync_script %}` says of the site. Nothing in it concerns the user: pages are cached and shared. */
export interface PageConfig extends Config {
    /** The worker to register, or only to look for, as absolute URLs; null to do without. */
    worker: {url: string | null; scope: string} | null;
    appVersion: string;
}

export function readConfig({base, worker, scope, csrfCookie, csrfHeader, maxAge, appVersion}: DOMStringMap): PageConfig {
    const absolute = (path: string) => new URL(path, location.origin).href;
    return {
        base: absolute(base ?? "/bgsync/"),
        worker: scope ? {url: worker ? absolute(worker) : null, scope: absolute(scope)} : null,
        appVersion: readVersion(appVersion ?? ""),
        csrfCookie: csrfCookie ?? "csrftoken",
        csrfHeader: csrfHeader ?? "X-CSRFToken",
        maxAge: Number(maxAge ?? 30 * 24 * 3_600_000),
    };
}

/** The cookie as scripts see it, null if it is not there or HttpOnly. */
export function readCookie(name: string): string | null {
    const found = document.cookie.split("; ").find((cookie) => cookie.startsWith(`${name}=`));
    return found ? found.slice(name.length + 1) : null;
}
