import type {Entry} from "./entry";
import type {Formats} from "./formats";
import {button, choose, of, showIf, write} from "./markup";

/** Characters of an item's contents; more would make the page slow. */
const SHOWN = 20_000;

/** The items in the table, each in a `tbody` of its own that stays while the item does. */
export class Rows {
    private readonly bodies = new Map<string, HTMLTableSectionElement>();

    /** `heading` gets the focus where no row is left for it. */
    constructor(
        private readonly table: HTMLTableElement,
        private readonly template: HTMLTemplateElement,
        private readonly formats: Formats,
        private readonly heading: HTMLElement | null,
    ) {}

    render(entries: Entry[]): void {
        const focused = document.activeElement;
        const within = focused && rowOf(focused);
        const place = [...this.table.tBodies].findIndex((body) => body === within);
        const kept = new Set(entries.map(({id}) => id));
        for (const [id, body] of this.bodies) if (!kept.has(id)) this.remove(id, body);
        entries.forEach((entry, index) => {
            const body = this.bodies.get(entry.id) ?? this.make(entry);
            update(body, entry, this.formats);
            const there = this.table.tBodies[index] ?? null;
            if (there !== body) this.table.insertBefore(body, there);
        });
        if (place >= 0) this.keepFocus(focused as HTMLElement, within!, place);
    }

    /** Ask before something is deleted; the answer that deletes nothing is at hand. */
    ask(id: string): void {
        const body = this.bodies.get(id);
        if (!body) return;
        of(body, "question")!.hidden = false;
        button(body, "keep")?.focus();
    }

    forget(id: string): void {
        const body = this.bodies.get(id);
        if (!body || of(body, "question")!.hidden) return;
        of(body, "question")!.hidden = true;
        button(body, "discard")?.focus();
    }

    isOpen(id: string): boolean {
        return !of(this.bodies.get(id)!, "opened")!.hidden;
    }

    open(id: string, contents: string | null): void {
        const body = this.bodies.get(id);
        if (!body) return;
        button(body, "contents")!.setAttribute("aria-expanded", String(contents !== null));
        of(body, "opened")!.hidden = contents === null;
        write(body, "contents", (contents ?? "").slice(0, SHOWN));
        showIf(body, "cut", (contents ?? "").length > SHOWN);
    }

    private make({id, title, files}: Entry): HTMLTableSectionElement {
        const body = this.template.content.querySelector("tbody")!.cloneNode(true) as HTMLTableSectionElement;
        body.dataset["id"] = id;
        write(body, "id", id);
        write(body, "name", title);
        of(body, "name")!.id = `bgsync-${id}`;
        for (const one of body.querySelectorAll("button")) one.setAttribute("aria-describedby", `bgsync-${id}`);
        // Only in secure contexts.
        if (!(navigator.clipboard as Clipboard | undefined)) button(body, "copy")?.remove();
        for (const {name, filename, size} of files) {
            const line = document.createElement("li");
            const isolated = document.createElement("bdi");
            isolated.textContent = filename || name;
            line.append(isolated, ` ${this.formats.size(size)}`);
            of(body, "files")?.append(line);
        }
        if (!files.length) of(body, "files")?.remove();
        this.bodies.set(id, body);
        return body;
    }

    private remove(id: string, body: Element): void {
        this.bodies.delete(id);
        body.remove();
    }

    /** What had it may have gone, or been hidden, or moved, which takes it away too. */
    private keepFocus(focused: HTMLElement, within: HTMLElement, place: number): void {
        if (focused.isConnected && !focused.closest("[hidden]")) return focused.focus({preventScroll: true});
        const {tBodies} = this.table;
        const row = within.isConnected ? within : tBodies[Math.min(place, tBodies.length - 1)];
        ((row && button(row, "contents")) ?? this.heading)?.focus();
    }
}

/** The row that an element stands in. */
export function rowOf(element: Element): HTMLElement | null {
    return element.closest<HTMLElement>("tbody[data-id]");
}

function update(body: HTMLElement, entry: Entry, formats: Formats): void {
    choose(body, "state", entry.state);
    choose(body, "next", entry.next);
    write(body, "code", entry.code);
    write(body, "reason", entry.reason);
    write(body, "sent", String(entry.sent));
    formats.writeTime(of(body, "written"), entry.written);
    if (entry.due) formats.writeTime(of(body, "next"), entry.due);
    for (const [action, isPossible] of [["retry", entry.isRetryable], ["discard", entry.isDiscardable]] as const) {
        const one = button(body, action);
        if (one) one.hidden = !isPossible;
    }
    if (!entry.isDiscardable) of(body, "question")!.hidden = true;
    showIf(body, "held", entry.mayBeHeld);
}
