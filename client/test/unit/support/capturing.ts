import {vi} from "vitest";

import {CAPTURED} from "../../../src/shared/rows/captured";
import {Replay} from "../../../src/shared/requests/replay";
import type {StoredItem} from "../../../src/shared/rows/schema";
import {Capture} from "../../../src/worker-parts/capture/capture";
import {readPatterns} from "../../../src/worker-parts/capture/patterns";
import type {CapturePattern} from "../../../src/worker/core";
import type {FetchEvent, WorkerScope} from "../../../src/worker/scope";
import {FakeContext} from "./device";
import {json} from "./server";

export const API: CapturePattern = {url: "^/api/", methods: ["POST", "PUT", "PATCH", "DELETE"], verdict: "header"};

/** A worker that captures, its pages, and the site behind it. */
export class Capturing {
    readonly seen: Request[] = [];
    /** What the site answers to requests of pages. */
    answer: (request: Request, number: number) => Response | Error | Promise<Response> = () => json({id: 7}, {status: 201});
    readonly register = vi.fn(async (_tag: string) => undefined);
    readonly navigator: {onLine?: boolean} = {};
    /** Whether the page is still there. */
    page: object | undefined = {};
    readonly capture: Capture;

    constructor(readonly device: FakeContext, patterns: CapturePattern[] = [API]) {
        const {runtime, session, flusher} = device;
        runtime.replay = (...flush) => new Replay(runtime, ...flush).run();
        const scope = {
            navigator: this.navigator,
            clients: {get: async () => this.page},
            registration: {sync: {register: this.register}},
            fetch: async (request: Request) => {
                const answer = await this.answer(request.clone(), this.seen.push(request));
                if (answer instanceof Error) throw answer;
                return answer;
            },
        };
        this.capture = new Capture(scope as unknown as WorkerScope, runtime, session, flusher, readPatterns(patterns));
    }

    /** A page calls `fetch`. Null if its request passes as if the worker were not there. */
    fetch(path: string, init: RequestInit = {}): Promise<Response> | null {
        const request = new Request(new URL(path, "https://site.test"), init);
        const pattern = this.capture.patternOf(request);
        return pattern && this.capture.handle({request, clientId: "page"} as unknown as FetchEvent, pattern);
    }

    post(body: BodyInit | object, init: RequestInit = {}, path = "/api/notes/"): Promise<Response> {
        const isData = Object.getPrototypeOf(body) === Object.prototype;
        const own = isData ? {body: JSON.stringify(body), headers: {"Content-Type": "application/json"}} : {body: body as BodyInit};
        return this.fetch(path, {method: "POST", ...own, ...init})!;
    }

    async kept(): Promise<StoredItem[]> {
        return (await this.device.stored()).filter(({tag}) => tag === CAPTURED);
    }
}
