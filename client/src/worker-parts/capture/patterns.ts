import type {VerdictRule} from "../../shared/rows/captured";
import type {CapturePattern} from "../../worker/core";

export interface Pattern {
    /** As the site has written it: the name of the lane. */
    source: string;
    url: RegExp;
    methods: ReadonlySet<string>;
    verdict: VerdictRule;
}

/** A pattern that this browser cannot read captures nothing; the site's requests are no worse for it. */
export function readPatterns(patterns: readonly CapturePattern[]): Pattern[] {
    return patterns.flatMap(({url, methods, verdict}) => {
        try {
            return [{source: url, url: new RegExp(url), methods: new Set(methods), verdict}];
        } catch (error) {
            console.warn("django-bgsync: nothing is captured for a pattern that this browser cannot read.", error);
            return [];
        }
    });
}

/** The first pattern that a request of this site's own code matches; null for one that is to pass as if we were not here. */
export function match(patterns: readonly Pattern[], request: Request, base: string): Pattern | null {
    const url = new URL(request.url);
    const isOurs = request.url.startsWith(base) || request.headers.has("X-BGSync");
    const isForeign = url.origin !== new URL(base).origin || request.mode === "navigate";
    // Whoever brings a credential of its own must not find it used later.
    if (isOurs || isForeign || request.headers.has("Authorization")) return null;
    const method = request.method.toUpperCase();
    return patterns.find((pattern) => pattern.methods.has(method) && pattern.url.test(url.pathname)) ?? null;
}
