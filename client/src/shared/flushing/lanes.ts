import type {StoredItem} from "../rows/schema";

/** An item that may be sent now, and the one before it that must not be overtaken. */
export interface Candidate {
    item: StoredItem;
    after: string | null;
}

/** What may be sent of one lane, whose items come in the order they were written: up to the first that has to wait. */
export function sendable(lane: StoredItem[], isDue: (item: StoredItem) => boolean): Candidate[] {
    const candidates: Candidate[] = [];
    const open = lane.filter((item) => !isFinished(item));
    let after: string | null = null;
    for (const item of open) {
        // What a user has taken over from a visitor is another lane to the server: it has to be empty first.
        if (item.visitor?.owner !== open[0]!.visitor?.owner) break;
        if (item.state === "queued" && isDue(item)) candidates.push({item, after});
        else if (!isHeldByServer(item)) break;
        after = item.id;
    }
    return candidates;
}

/** Rows with fewer failures first, then the older ones, so that an item that fails for ever cannot hold up the others. */
export function inTurn(rows: Candidate[][]): Candidate[] {
    const head = (row: Candidate[]) => row[0]!.item;
    return rows
        .filter((row) => row.length > 0)
        .sort((a, b) => head(a).failures - head(b).failures || head(a).seq - head(b).seq)
        .flat();
}

function isFinished(item: StoredItem): boolean {
    return item.state === "parked" && item.result?.code !== "dead";
}

function isHeldByServer(item: StoredItem): boolean {
    return item.state === "accepted" || item.state === "parked";
}
