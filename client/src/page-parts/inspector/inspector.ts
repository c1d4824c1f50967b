import type {Core} from "../../page/core";
import {attempt} from "../../shared/context/attempts";
import {contentsOf} from "./contents";
import {entryOf} from "./entry";
import {save} from "./file";
import {Formats} from "./formats";
import {choose, showIf, write} from "./markup";
import {look, type Snapshot} from "./reading";
import {describeBrowser} from "./report";
import {rowOf, Rows} from "./rows";
import {serial} from "./serial";

/** Items that are shown at first, and more at each press. */
const PAGE = 100;

/** The page `inspector/`: what the current owner's outbox holds, and what can be done about it. */
export class Inspector {
    private most = PAGE;
    private readonly rows: Rows;
    private readonly busy = new Set<string>();
    private readonly refresh = serial(() => this.show());
    private readonly report = serial(() => describeBrowser(this.core.api, this.root));

    constructor(private readonly core: Core, private readonly root: HTMLElement) {
        const find = <E extends Element>(selector: string) => root.querySelector<E>(selector)!;
        this.rows = new Rows(find("table"), find("template"), new Formats(), root.querySelector("h1"));
    }

    start(): void {
        const {api, listen} = this.core;
        // An owner's items are hidden as soon as it is known that somebody else is here.
        listen(({type}) => {
            if (type === "change" || type === "owner") this.look();
        });
        api.addEventListener("connection", () => this.look());
        this.root.addEventListener("click", ({target}) => {
            const pressed = (target as Element).closest<HTMLElement>("[data-action]");
            if (pressed) void this.act(pressed.dataset["action"]!, rowOf(pressed)?.dataset["id"] ?? "");
        });
        this.root.addEventListener("keydown", ({key, target}) => {
            if (key === "Escape") this.rows.forget(rowOf(target as Element)?.dataset["id"] ?? "");
        });
        this.look();
    }

    private look(): void {
        void attempt(this.refresh);
        void attempt(this.report);
    }

    private async show(): Promise<void> {
        const snapshot = await look(this.core.runtime.db, this.most).catch(() => null);
        choose(this.root, "when", snapshot ? "read" : "refused");
        if (snapshot) this.fill(snapshot);
    }

    private fill({items, counts, total, others, device}: Snapshot): void {
        const {root, core} = this;
        const facts = {
            stranger: !device.owner, revoked: device.isRevoked, others, empty: !total, items: total, more: total > items.length,
            queued: counts.queued, sending: counts.sending, accepted: counts.accepted, blocked: counts.blocked, parked: counts.parked,
        };
        for (const [name, fact] of Object.entries(facts)) {
            showIf(root, name, Boolean(fact));
            write(root, name, String(fact));
        }
        this.rows.render(items.map((item) => entryOf(item, device, core.runtime.now(), core.api.connection)));
    }

    private async act(action: string, id: string): Promise<void> {
        // A second press on what is being done already.
        const key = `${action} ${id}`;
        if (this.busy.has(key)) return;
        this.busy.add(key);
        try {
            await this.do(action, id);
        } catch (error) {
            // By its code: each bundle has a class of its own.
            this.say((error as {code?: unknown}).code);
        } finally {
            this.busy.delete(key);
        }
    }

    private async do(action: string, id: string): Promise<void> {
        const {api, runtime} = this.core;
        switch (action) {
            case "flush":
                this.say("working");
                await api.flush();
                return this.say((await api.counts()).pending ? "waits" : "sent");
            case "export":
                save(await api.export());
                return this.say("exported");
            case "more":
                this.most += PAGE;
                return this.refresh();
            case "copy":
                await navigator.clipboard.writeText(id);
                return this.say("copied");
            case "contents":
                return this.rows.open(id, this.rows.isOpen(id) ? null : await contentsOf(runtime.db, id));
            case "discard":
                return this.rows.ask(id);
            case "keep":
                return this.rows.forget(id);
            case "retry":
                await api.retry(id);
                this.say("retried");
                return this.refresh();
            case "confirm":
                await api.discard(id);
                this.say("discarded");
                return this.refresh();
        }
    }

    /** In the words of the template; for an error that has none of its own, those of any failure. */
    private say(what: unknown): void {
        const said = this.root.getAttribute(`data-said-${what}`) ?? this.root.getAttribute("data-said-failed");
        write(this.root, "said", said ?? "");
    }
}
