import {bgsync, configureSite, type SyncEvent} from "django-bgsync/worker";

configureSite({base: "/sync/"});
bgsync.configure({headers: () => ({Authorization: "Bearer …"}), skipWaiting: false});
bgsync.onSync("their-own", async (event: SyncEvent) => {
    // @ts-expect-error: a boolean
    const tag: string = event.lastChance;
    await fetch(`/their-own/?${tag}`);
});
