import type {PageConfig} from "./config";
import {greet} from "./greeting";
import {isEmbedded} from "./survey";

interface Found {
    registration: ServiceWorkerRegistration | null;
    /** It has nothing of ours. */
    isForeign: boolean;
}

/** An install that takes longer is left alone; the next trigger finds it active. */
const ACTIVATION = 10_000;

/** The worker at the site's scope: registered, if the site wants that and has no other one there. */
export async function findWorker(worker: PageConfig["worker"], base: string): Promise<Found> {
    const container = navigator.serviceWorker as ServiceWorkerContainer | undefined;
    // In a frame of another site a worker would have an outbox of its own.
    if (!worker || !container || isEmbedded()) return {registration: null, isForeign: false};
    const {url, scope} = worker;
    const existing = await container.getRegistration(scope);
    const isTaken = existing?.scope === scope && !(url && scripts(existing).every((script) => script === url || script.startsWith(base)));
    const registration = isTaken ? existing : url && (await container.register(url, {scope, updateViaCache: "none"}));
    if (!registration) return {registration: null, isForeign: false};
    const isForeign = !(await hasOurs(registration, base));
    if (isForeign && url) warn(scope, base);
    return {registration, isForeign};
}

/** The same registration, when its first worker is active or has had the time to be. */
export async function activated<T extends ServiceWorkerRegistration>(registration: T): Promise<T> {
    const coming = registration.installing ?? registration.waiting;
    if (!registration.active && coming) await activation(coming);
    return registration;
}

/** It is ours, or a worker of the site's own that has imported ours. */
async function hasOurs(registration: ServiceWorkerRegistration, base: string): Promise<boolean> {
    if (scripts(registration).every((script) => script.startsWith(base))) return true;
    const {active} = await activated(registration);
    return Boolean(active && (await greet(active)));
}

function scripts({active, waiting, installing}: ServiceWorkerRegistration): string[] {
    return [active, waiting, installing].filter((worker) => worker !== null).map(({scriptURL}) => scriptURL);
}

function warn(scope: string, base: string): void {
    console.warn(
        `django-bgsync: ${scope} has a service worker of its own, so items are sent while a page is open. `
        + `Add this line to it: importScripts(${JSON.stringify(`${base}worker.js`)});`,
    );
}

function activation(worker: ServiceWorker): Promise<void> {
    return new Promise((resolve) => {
        const timer = setTimeout(resolve, ACTIVATION);
        worker.addEventListener("statechange", () => {
            if (worker.state !== "activated" && worker.state !== "redundant") return;
            clearTimeout(timer);
            resolve();
        });
    });
}
