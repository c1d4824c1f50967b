import type {LoggedOut, Pending} from "../../page/core";
import {expiry} from "../../shared/context/expiry";
import type {Runtime} from "../../shared/context/runtime";
import type {Flusher} from "../../shared/flushing/flusher";
import {ended, news} from "../../shared/outbox/messages";
import type {Outbox} from "../../shared/outbox/outbox";
import {forgetPages} from "../../shared/pages/caches";
import {leave} from "./leaving";

const CHOICES: Pending[] = ["keep", "send", "discard"];
const PATIENCE = 10_000;

/** Before the session ends: the device forgets whose it was. Raises TypeError for a choice that does not exist. */
export async function logout(runtime: Runtime, outbox: Outbox, flusher: Flusher, pending: Pending): Promise<LoggedOut> {
    if (!CHOICES.includes(pending)) throw new TypeError(`bgsync: pending is one of ${CHOICES.join(", ")}`);
    const before = (await outbox.counts()).pending;
    if (pending === "send" && before) await flusher.insist({trigger: "manual", signal: expiry(PATIENCE)});
    const unsent = (await outbox.counts()).pending;
    const {owner, kept, discarded, blocked} = await runtime.db.write((tx) => leave(tx, pending === "discard"));
    await forgetPages(owner).catch(() => undefined);
    runtime.announce(
        ...discarded.map((item) => ended(item, "discarded")),
        ...blocked.map((item) => ({type: "blocked", item: news(item)}) as const),
        {type: "owner"},
        {type: "change"},
    );
    return {sent: Math.max(0, before - unsent), kept, discarded: discarded.length};
}
