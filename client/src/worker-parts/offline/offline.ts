import type {Runtime} from "../../shared/context/runtime";
import {keptPage} from "../../shared/pages/caches";
import {readDevice} from "../../shared/rows/device";
import type {FetchEvent, WorkerScope} from "../../worker/scope";
import type {Precache} from "./precache";

/** The network first, always: what is kept is for when there is none. */
export class Offline {
    constructor(private readonly scope: WorkerScope, private readonly runtime: Runtime, private readonly kept: Precache) {}

    /** A page that is being opened. A form that is being posted is not ours to answer: what it says would be lost. */
    isPage({mode, method}: Request): boolean {
        return mode === "navigate" && method === "GET";
    }

    async page(event: FetchEvent): Promise<Response> {
        const {request} = event;
        try {
            return (await event.preloadResponse) ?? (await this.scope.fetch(request));
        } catch (error) {
            return (await this.keptPage(request.url).catch(() => undefined)) ?? Promise.reject(error);
        }
    }

    async asset(event: FetchEvent): Promise<Response> {
        const {request} = event;
        try {
            const response = await this.scope.fetch(request);
            event.waitUntil(this.kept.mend(request.url).catch(() => undefined));
            return response;
        } catch (error) {
            return (await this.kept.match(request.url).catch(() => undefined)) ?? Promise.reject(error);
        }
    }

    /** What this owner was given to keep, what everybody was, else the page that says why there is none. */
    private async keptPage(address: string): Promise<Response | undefined> {
        const url = new URL(address);
        url.hash = "";
        const owner = await this.runtime.db.read(readDevice).then((device) => device.owner, () => "");
        const {kept} = this;
        return (await keptPage(owner, url.href)) ?? (await kept.match(url.href)) ?? (kept.offline ? kept.match(kept.offline) : undefined);
    }
}
