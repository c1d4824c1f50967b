import type {Capabilities} from "../shared/protocol";

/** What the browser says of itself; whether background sync works, only a try can tell. */
export async function survey(locks: LockManager | undefined): Promise<Omit<Capabilities, "worker" | "sync">> {
    return {
        periodicSync: await permission("periodic-background-sync"),
        notifications: typeof Notification === "undefined" ? "unsupported" : Notification.permission,
        // Not every browser has it, and not every context that has IndexedDB.
        persisted: (await navigator.storage?.persisted?.().catch(() => false)) ?? false,
        locks: locks !== undefined,
        embedded: isEmbedded(),
    };
}

/** Browsers reject names they do not know. */
export async function permission(name: string): Promise<PermissionState | "unsupported"> {
    try {
        return (await navigator.permissions.query({name: name as PermissionName})).state;
    } catch {
        return "unsupported";
    }
}

/** Whether the page stands in a frame of another origin: its storage is then not the site's own. */
export function isEmbedded(): boolean {
    try {
        return window.top!.origin !== location.origin;
    } catch {
        return true;
    }
}
