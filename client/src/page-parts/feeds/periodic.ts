import type {Bgsync} from "../../page/api";
import type {PageConfig} from "../../page/config";
import type {PeriodicOptions, PeriodicRegistration, PeriodicState} from "../../page/core";
import {activated} from "../../page/worker-search";
import type {Runtime} from "../../shared/context/runtime";
import {forgetTag, periodicTag, type PeriodicSyncRegistration} from "../../shared/feeds/periodic-tags";
import {feedsOf, findFeed, putFeed, type FeedRegistration} from "../../shared/rows/feed-rows";
import type {Ownership} from "./ownership";

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const OPTIONS = new Set(["minInterval", "network", "evenOnSaveData"]);
const DEFAULT_INTERVAL = 12 * 3_600_000;

/** What the pages of the present owner want to be pulled, and the browser's word on it. */
export class PeriodicRegistrations {
    constructor(private readonly runtime: Runtime, private readonly api: Bgsync, private readonly ownership: Ownership) {}

    /** Kept on this device whatever the browser says: pages pull it too. Raises TypeError for wrong use. */
    async register(name: string, options: PeriodicOptions = {}): Promise<PeriodicState> {
        const registration = readOptions(name, options);
        const owner = await this.ownership.confirm();
        await this.runtime.db.write(async (tx) => putFeed(tx, {...(await findFeed(tx, owner, name)), registration}));
        return this.arm(name, registration);
    }

    /** What the browser has refused, or forgotten, may be allowed by now: the site has been installed, say. */
    async rearm(): Promise<void> {
        for (const {name, registration, tag} of await this.wishes()) {
            if (!tag) await this.arm(name, registration);
        }
    }

    private async arm(name: string, {min_interval}: FeedRegistration): Promise<PeriodicState> {
        const {worker, periodicSync: permission} = await this.api.capabilities();
        if (permission === "denied") return "denied";
        const periodicSync = worker === "ours" && (await this.worker())?.periodicSync;
        if (!periodicSync) return "unavailable";
        try {
            await periodicSync.register(periodicTag(name), {minInterval: min_interval});
            return "registered";
        } catch (error) {
            return (error as Error).name === "NotAllowedError" ? "denied" : "unavailable";
        }
    }

    /** What has been read stays readable. Whether there was something to take back. */
    async unregister(name: string): Promise<boolean> {
        const owner = await this.ownership.confirm();
        const wasRegistered = await this.runtime.db.write(async (tx) => {
            const feed = await findFeed(tx, owner, name);
            if (feed.registration) putFeed(tx, {...feed, registration: null});
            return feed.registration !== null;
        });
        await forgetTag(this.runtime.db, (await this.worker())?.periodicSync, name);
        return wasRegistered;
    }

    async list(): Promise<PeriodicRegistration[]> {
        return (await this.wishes()).map(({name, registration, tag}) => ({
            name,
            minInterval: registration.min_interval,
            network: registration.network,
            evenOnSaveData: registration.even_on_save_data,
            state: tag ? "registered" : "unavailable",
        }));
    }

    /** Of the present owner, and whether the browser has them. */
    private async wishes(): Promise<{name: string; registration: FeedRegistration; tag: boolean}[]> {
        const owner = await this.ownership.confirm();
        const feeds = await this.runtime.db.read((tx) => feedsOf(tx, owner));
        const tags = (await (await this.worker())?.periodicSync?.getTags()) ?? [];
        return feeds.flatMap(({name, registration}) => registration ? [{name, registration, tag: tags.includes(periodicTag(name))}] : []);
    }

    private async worker(): Promise<PeriodicSyncRegistration | undefined> {
        const container = navigator.serviceWorker as ServiceWorkerContainer | undefined;
        const scope = (this.runtime.config as PageConfig).worker?.scope;
        const registration = scope ? await container?.getRegistration(scope) : undefined;
        // Its first worker may still be on its way, and the browser registers nothing without an active one.
        return registration && (await activated(registration) as PeriodicSyncRegistration);
    }
}

function readOptions(name: string, options: PeriodicOptions): FeedRegistration {
    if (!NAME.test(name)) throw new TypeError(`bgsync: feed ${JSON.stringify(name)} does not match ${NAME.source}`);
    const unknown = Object.keys(options).find((option) => !OPTIONS.has(option));
    if (unknown) throw new TypeError(`bgsync: periodic.register() knows no option ${JSON.stringify(unknown)}`);
    const {minInterval = DEFAULT_INTERVAL, network = "any", evenOnSaveData = false} = options;
    if (!(Number.isFinite(minInterval) && minInterval >= 0)) throw new TypeError("bgsync: minInterval is a number of milliseconds");
    if (network !== "any" && network !== "unmetered") throw new TypeError('bgsync: network is "any" or "unmetered"');
    return {min_interval: minInterval, network, even_on_save_data: Boolean(evenOnSaveData)};
}
