import type {Export} from "../../page/core";

/** Time enough for a browser that asks where to put it. */
const PATIENCE = 60_000;

/** Hand the outbox to the user as a file. */
export function save(exported: Export): void {
    const address = URL.createObjectURL(new Blob([JSON.stringify(exported, null, 2)], {type: "application/json"}));
    const link = document.createElement("a");
    link.href = address;
    link.download = `outbox-${exported.exportedAt.slice(0, 10)}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), PATIENCE);
}
