import {UnavailableError} from "../shared/vocabulary/errors";
import {RELEASE} from "../shared/vocabulary/release";
import type {Core, PartModule, Parts} from "./core";

/** Fetch the module of a part; `retry` counts the times that failed. */
export type FetchPart = (name: string, retry: number) => Promise<PartModule>;

/** Who does not answer within it is not there. */
const PATIENCE = 30_000;

/** Parts of the page script, each loaded and started once. One that cannot be loaded is fetched anew at its next use. */
export class PartLoader {
    private readonly loading: Record<string, Promise<unknown> | null> = {};
    private readonly failures: Record<string, number> = {};

    constructor(private readonly core: Core, private readonly fetch: FetchPart) {}

    load<Name extends keyof Parts>(name: Name): Promise<Parts[Name]> {
        return (this.loading[name] ??= this.start(name)) as Promise<Parts[Name]>;
    }

    private async start(name: string): Promise<unknown> {
        const failures = this.failures[name] ?? 0;
        try {
            const {release, start} = await inTime(this.fetch(name, failures));
            if (release !== RELEASE) throw new Error("another release: load the page again");
            return start(this.core);
        } catch (cause) {
            this.failures[name] = failures + 1;
            this.loading[name] = null;
            const error = new UnavailableError(name, cause);
            if (!failures) console.warn("django-bgsync:", error);
            throw error;
        }
    }
}

/** Browsers remember for ever that a module could not be loaded from an address: another fragment makes another address. */
export function partAddress(script: Element | null, name: string, retry: number): string {
    return new URL(`${script?.getAttribute(`data-part-${name}`)}${retry ? `#${retry}` : ""}`, document.baseURI).href;
}

function inTime<T>(work: Promise<T>): Promise<T> {
    const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error("no answer")), PATIENCE));
    return Promise.race([work, late]);
}
