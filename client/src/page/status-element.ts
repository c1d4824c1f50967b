import type {Counts} from "../shared/rows/items";
import type {Bgsync} from "./api";

/** Says in the site's words what still waits on this device. Silent when there is nothing to say. */
export function defineStatusElement(bgsync: Bgsync): void {
    customElements.define("bgsync-status", class extends HTMLElement {
        private readonly refresh = () => void this.show();

        connectedCallback(): void {
            for (const type of TELLING) bgsync.addEventListener(type, this.refresh);
            this.refresh();
        }

        disconnectedCallback(): void {
            for (const type of TELLING) bgsync.removeEventListener(type, this.refresh);
        }

        private async show(): Promise<void> {
            // Where storage is refused nothing can be waiting.
            const counts = await bgsync.counts().catch(() => null);
            const text = counts ? describe((name) => this.getAttribute(`data-${name}`), bgsync.connection, counts) : "";
            // Every assignment makes a screen reader speak.
            if (text !== this.textContent) this.textContent = text;
        }
    });
}

const TELLING = ["change", "connection"];

/** What the site says in the attribute `data-<name>`. */
type Texts = (name: string) => string | null | undefined;

/** "Offline, 3 not yet sent · Sending · 1 needs you" */
export function describe(texts: Texts, connection: Bgsync["connection"], counts: Counts): string {
    const way = connection === "online" ? counts.blocked > 0 && texts("blocked") : texts(connection);
    const sentences = [
        [way, counted(texts, "pending", counts.pending)].filter(Boolean).join(", "),
        counts.sending > 0 && texts("sending"),
        counted(texts, "parked", counts.parked),
    ];
    return sentences.filter(Boolean).join(" · ");
}

/** The text for a number in its CLDR plural category: `data-pending-one`, `data-pending-other` … */
function counted(texts: Texts, name: string, count: number): string | undefined {
    if (!count) return undefined;
    const category = new Intl.PluralRules(document.documentElement.lang.replace("_", "-") || undefined).select(count);
    return (texts(`${name}-${category}`) ?? texts(`${name}-other`))?.replace("{count}", String(count));
}
