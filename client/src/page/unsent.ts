import type {Announcement} from "../shared/outbox/messages";
import type {StoredItem} from "../shared/rows/schema";

/** What this page has written and has not seen sent: a page that goes away has no time to read the outbox. */
export class Unsent {
    private readonly byId = new Map<string, StoredItem>();

    get items(): StoredItem[] {
        return [...this.byId.values()];
    }

    add(item: StoredItem): void {
        this.byId.set(item.id, item);
    }

    hear(announcement: Announcement): void {
        if (announcement.type === "owner") this.byId.clear();
        else if ("item" in announcement && announcement.type !== "queued") this.byId.delete(announcement.item.id);
    }
}
