import type {Core, Feeds} from "../../page/core";
import {attempt} from "../../shared/context/attempts";
import {FeedPuller} from "../../shared/feeds/pull";
import {Ownership} from "./ownership";
import {PeriodicRegistrations} from "./periodic";
import {Reading} from "./reading";
import {FeedSchedule} from "./schedule";

export {RELEASE as release} from "../../shared/vocabulary/release";

export function start(core: Core): Feeds {
    const {runtime, api, listen} = core;
    const ownership = new Ownership(core);
    const puller = new FeedPuller(runtime, () => ownership.recheck());
    const reading = new Reading(runtime);
    const schedule = new FeedSchedule(runtime, ownership, puller);
    const periodic = new PeriodicRegistrations(runtime, api, ownership);
    listen((announcement) => {
        if (announcement.type === "owner") {
            // What was shown was somebody else's.
            for (const name of reading.names) api.dispatchEvent(new CustomEvent("feed", {detail: {name}}));
            void schedule.resume("login");
        }
    });
    schedule.start();
    void attempt(() => periodic.rearm());
    return {
        read: (name) => reading.read(name),
        refresh: async (name) => {
            await ownership.confirm();
            return puller.pull(name, {trigger: "manual"});
        },
        register: async (name, options) => {
            const state = await periodic.register(name, options);
            void schedule.resume("load");
            return state;
        },
        unregister: (name) => periodic.unregister(name),
        list: () => periodic.list(),
    };
}
