// As Workbox's documentation shows it: files from a cache, and a queue for the site's own API.
import {BackgroundSyncPlugin} from "workbox-background-sync";
import {clientsClaim} from "workbox-core";
import {registerRoute} from "workbox-routing";
import {CacheFirst, NetworkOnly} from "workbox-strategies";

self.skipWaiting();
clientsClaim();
registerRoute(({url}) => url.pathname.startsWith("/static/example/"), new CacheFirst({cacheName: "theirs"}));
registerRoute(
    ({url}) => url.pathname.startsWith("/api/"),
    new NetworkOnly({plugins: [new BackgroundSyncPlugin("theirs")]}),
    "POST",
);
