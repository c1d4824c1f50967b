import {activated} from "../../page/worker-search";
import {greet} from "./greeting";

/** Whether a worker from an address that is not ours has imported ours. A site that meant it to is told if it has not. */
export async function hasOurs(registration: ServiceWorkerRegistration, url: string | null, base: string): Promise<boolean> {
    const {active} = await activated(registration);
    const found = Boolean(active && (await greet(active)));
    if (!found && url) warn(registration.scope, base);
    return found;
}

function warn(scope: string, base: string): void {
    console.warn(
        `django-bgsync: ${scope} has a service worker of its own, so items are sent while a page is open. `
        + `Add this line to it: importScripts(${JSON.stringify(`${base}worker.js`)});`,
    );
}
