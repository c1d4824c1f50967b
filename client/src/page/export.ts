import type {Item} from "./api";

/** What is in the outbox, for a support desk or a copy elsewhere. It survives JSON. */
export interface Export {
    bgsync: 1;
    /** ISO 8601, by the device's clock. */
    exportedAt: string;
    items: Item[];
}

export function exported(items: Item[], now: number): Export {
    return {bgsync: 1, exportedAt: new Date(now).toISOString(), items};
}
