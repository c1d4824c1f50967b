import type {PageConfig} from "./config";

/** An install that takes longer is left alone; the next trigger finds it active. */
const ACTIVATION = 10_000;

/** The worker at the site's scope, whoever's it is: registered, if the site wants that and has no other one there. */
export async function findWorker(worker: PageConfig["worker"], base: string): Promise<ServiceWorkerRegistration | null> {
    const container = navigator.serviceWorker as ServiceWorkerContainer | undefined;
    // In a frame of another site a worker would have an outbox of its own.
    if (!worker || !container || isEmbedded()) return null;
    const {url, scope} = worker;
    const existing = await container.getRegistration(scope);
    const isTaken = existing?.scope === scope && !(url && comesFrom(existing, (script) => script === url || script.startsWith(base)));
    return isTaken ? existing : url ? container.register(url, {scope, updateViaCache: "none"}) : null;
}

/** The same registration, when its first worker is active or has had the time to be. */
export async function activated<T extends ServiceWorkerRegistration>(registration: T): Promise<T> {
    const coming = registration.installing ?? registration.waiting;
    if (!registration.active && coming) await activation(coming);
    return registration;
}

export function comesFrom({active, waiting, installing}: ServiceWorkerRegistration, isRight: (script: string) => boolean): boolean {
    return [active, waiting, installing].every((worker) => !worker || isRight(worker.scriptURL));
}

/** Whether the page stands in a frame of another origin: its storage is then not the site's own. */
export function isEmbedded(): boolean {
    try {
        return window.top!.origin !== location.origin;
    } catch {
        return true;
    }
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
