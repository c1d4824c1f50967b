import {bgsync, BgsyncError, QuotaExceededError, type FeedContent, type PeriodicState, type Receipt, type Settlement} from "django-bgsync";

export async function send(text: string): Promise<Settlement> {
    const receipt: Receipt = await bgsync.enqueue("post", {text}, {lane: "posts"});
    // @ts-expect-error: what is not there is known not to be
    await bgsync.enqueue("post", {text}, {lain: "posts"});
    return receipt.settled;
}

bgsync.configure({headers: async () => ({Authorization: "Bearer …"}), appVersion: "1.4.0"});
bgsync.addEventListener("update", () => void bgsync.update());

export function explain(error: unknown): string {
    if (error instanceof QuotaExceededError) return "full";
    return error instanceof BgsyncError ? error.code : "unknown";
}

interface Article {
    id: number;
    title: string;
}

export async function headlines(): Promise<string[]> {
    const state: PeriodicState = await bgsync.periodic.register("news", {minInterval: 3_600_000, network: "unmetered"});
    if (state === "denied" && (await bgsync.feed("news").refresh()) === "unknown") await bgsync.periodic.unregister("news");
    const {items, updatedAt}: FeedContent<Article> = await bgsync.feed<Article>("news").read();
    // @ts-expect-error: not a date
    updatedAt?.getTime();
    return items.map(({title}) => title);
}
