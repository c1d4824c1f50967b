import {expiry} from "../shared/expiry";
import type {Flusher} from "../shared/flusher";
import {leave} from "../shared/leaving";
import {news} from "../shared/messages";
import type {Outbox} from "../shared/outbox";
import type {Runtime} from "../shared/runtime";
import type {SessionCheck} from "../shared/session";

/** What is to become of items that have not been sent. */
export type Pending = "keep" | "send" | "discard";

export interface LoggedOut {
    /** Brought to the server now. */
    sent: number;
    /** Unsent or parked; they wait on this device for their owner. */
    kept: number;
    discarded: number;
}

const CHOICES: Pending[] = ["keep", "send", "discard"];
const PATIENCE = 10_000;

/** Before the session ends: the device forgets whose it was. Raises TypeError for a choice that does not exist. */
export async function logout(
    runtime: Runtime, session: SessionCheck, outbox: Outbox, flusher: Flusher, pending: Pending,
): Promise<LoggedOut> {
    if (!CHOICES.includes(pending)) throw new TypeError(`bgsync: pending is one of ${CHOICES.join(", ")}`);
    const before = (await outbox.counts()).pending;
    if (pending === "send" && before) await flusher.insist({trigger: "manual", signal: expiry(PATIENCE)});
    const unsent = (await outbox.counts()).pending;
    const {kept, discarded, blocked} = await runtime.db.write((tx) => leave(tx, pending === "discard"));
    session.isConfirmed = false;
    runtime.announce(
        ...discarded.map((item) => ({
            type: "settled", item: news(item), result: {id: item.id, status: "discarded"},
        }) as const),
        ...blocked.map((item) => ({type: "blocked", item: news(item)}) as const),
        {type: "owner"},
        {type: "change"},
    );
    return {sent: Math.max(0, before - unsent), kept, discarded: discarded.length};
}

/** `<form data-bgsync-logout="send">`: the outbox first, then the form goes where it would have gone anyway. */
export function watchLogoutForms(logOut: (pending: Pending) => Promise<unknown>): void {
    const ready = new WeakSet<HTMLFormElement>();
    document.addEventListener("submit", (event) => {
        const form = event.target as HTMLFormElement;
        const pending = form.dataset["bgsyncLogout"];
        if (pending === undefined || event.defaultPrevented || ready.delete(form)) return;
        event.preventDefault();
        const submitter = (event as SubmitEvent).submitter;
        // Whatever becomes of the outbox, nobody is kept from signing out.
        const done = Promise.race([logOut((pending || "keep") as Pending), wait(2 * PATIENCE)]);
        void done.catch((error: unknown) => console.warn("django-bgsync:", error)).then(() => {
            ready.add(form);
            // Safari has it since 16.
            if (form.requestSubmit as unknown) form.requestSubmit(submitter);
            else form.submit();
        });
    });
}

function wait(milliseconds: number): Promise<void> {
    return new Promise((resume) => setTimeout(resume, milliseconds));
}
