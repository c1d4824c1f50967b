import {bgsync, BgsyncError, QuotaExceededError, type Receipt, type Settlement} from "django-bgsync";

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
