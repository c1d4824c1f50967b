import type {WorkerRegistration} from "../../page/registration";
import {isEmbedded} from "../../page/worker-search";
import type {Runtime} from "../../shared/context/runtime";
import {changeDevice} from "../../shared/rows/device";
import type {Capabilities} from "../../shared/vocabulary/protocol";

const FORECASTS: Record<string, Capabilities["sync"]> = {granted: "granted", prompt: "granted", denied: "denied"};

/** What the browser can do for the outbox. */
export class Survey {
    constructor(private readonly runtime: Runtime, private readonly registration: WorkerRegistration) {}

    async capabilities(): Promise<Capabilities & {pendingSyncTags: string[]}> {
        const pendingSyncTags = (await (await this.registration.start())?.sync?.getTags()) ?? [];
        return {...(await this.take()), pendingSyncTags};
    }

    /** For the worker, which cannot find out by itself. */
    async remember(): Promise<void> {
        const capabilities = await this.take();
        const {appVersion, db} = this.runtime;
        await db.write((tx) => changeDevice(tx, {capabilities, ...(appVersion && {app_version: appVersion})}));
    }

    private async take(): Promise<Capabilities> {
        const registration = await this.registration.start();
        const {worker, sync} = this.registration.known;
        return {
            worker,
            // Until a tag has been registered, or refused, in earnest.
            sync: sync ?? ((registration?.sync && FORECASTS[await permission("background-sync")]) || "unsupported"),
            periodicSync: await permission("periodic-background-sync"),
            notifications: typeof Notification === "undefined" ? "unsupported" : Notification.permission,
            // Not every browser has it, and not every context that has IndexedDB.
            persisted: (await navigator.storage?.persisted?.().catch(() => false)) ?? false,
            locks: this.runtime.locks !== undefined,
            embedded: isEmbedded(),
        };
    }
}

/** Browsers reject names they do not know. */
async function permission(name: string): Promise<PermissionState | "unsupported"> {
    try {
        return (await navigator.permissions.query({name: name as PermissionName})).state;
    } catch {
        return "unsupported";
    }
}
