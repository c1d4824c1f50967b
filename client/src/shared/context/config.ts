/** What the site's templates tell the page and the worker. */
export interface Config {
    /** Where the package's URLs are mounted, as an absolute URL ending in a slash. */
    base: string;
    csrfCookie: string;
    csrfHeader: string;
    /** Milliseconds after which an item is too old to be sent. */
    maxAge: number;
}

export function withinBase(config: Config, path: string): string {
    return new URL(path, config.base).href;
}
