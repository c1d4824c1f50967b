import type {Announcement} from "../../shared/outbox/messages";
import type {Notice} from "../../shared/vocabulary/notices";
import type {WorkerScope} from "../../worker/scope";

/** What a notification of ours says of itself, so that a click on one of the site's own is left alone. */
interface Data {
    bgsync: 1;
    url: string;
}

export class Notices {
    private readonly showing = new Set<Promise<void>>();

    constructor(private readonly scope: WorkerScope, private readonly start: string) {}

    hear(announcement: Announcement): void {
        if (announcement.type !== "settled" || announcement.result.status !== "applied") return;
        const {id, notify} = announcement.item;
        if (!notify) return;
        const shown = this.show(id, notify).finally(() => this.showing.delete(shown));
        this.showing.add(shown);
    }

    /** Resolves when all that was heard of is shown. */
    async shown(): Promise<void> {
        await Promise.all(this.showing);
    }

    /** Whoever looks at a page of the site sees it there. The site asks for the permission, never we. */
    async show(id: string, {title, body = "", url}: Notice): Promise<void> {
        const pages = await this.scope.clients.matchAll({type: "window", includeUncontrolled: true});
        if (pages.some(({visibilityState}) => visibilityState === "visible")) return;
        const data: Data = {bgsync: 1, url: this.address(url)};
        // Several contexts may have heard of it: one tag is one notification. It rejects without the permission.
        await this.scope.registration.showNotification(title, {body, data, tag: `bgsync:${id}`}).catch(() => undefined);
    }

    isOurs({data}: Notification): boolean {
        return (data as Partial<Data> | null)?.bgsync === 1;
    }

    /** Bring its page to the front: where it is open already, else in an open window, else in a new one. */
    async follow(notification: Notification): Promise<void> {
        notification.close();
        const {url} = notification.data as Data;
        const pages = await this.scope.clients.matchAll({type: "window", includeUncontrolled: true});
        const there = pages.find((page) => page.url === url);
        if (there) return void (await there.focus());
        try {
            // Only pages that this worker controls can be sent elsewhere.
            const page = await pages[0]!.focus();
            if (await page.navigate(url)) return;
        } catch {
            // There is none, or it is another worker's.
        }
        await this.scope.clients.openWindow(url);
    }

    /** Within this site, whatever stands in the outbox. */
    private address(url: string | undefined): string {
        const {origin} = this.scope.location;
        const start = new URL(this.start, origin);
        const address = new URL(url ?? start.href, origin);
        return (address.origin === origin ? address : start).href;
    }
}
