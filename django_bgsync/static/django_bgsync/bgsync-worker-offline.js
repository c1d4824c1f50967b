/*! django-bgsync: generated from client/src, do not edit. sha256 ef42b50d6c2fa3112d832e551f78fd166e6155efa1849ebf2a34d3fd20c64df8 */
"use strict";
(() => {
  // src/worker/core.ts
  function plugIn(part) {
    (self.__bgsync.parts ??= []).push(part);
  }

  // src/shared/pages/caches.ts
  var PREFIX = "bgsync:pages:";
  async function keptPage(owner, url) {
    return await storage()?.has(PREFIX + owner) ? (await caches.open(PREFIX + owner)).match(url, { ignoreVary: true }) : void 0;
  }
  function storage() {
    return globalThis.caches;
  }

  // src/shared/vocabulary/backoff.ts
  var CAP = 15 * 6e4;
  var RETRY_AFTER_CAP = 24 * 36e5;

  // src/shared/vocabulary/protocol.ts
  var DEFAULT_LIMITS = {
    max_items: 100,
    max_bytes: 1048576,
    max_item_bytes: 262144,
    max_files: 20,
    max_file_bytes: 10485760,
    max_delivery_file_bytes: 52428800
  };

  // node_modules/idb-keyval/dist/index.js
  function promisifyRequest(request) {
    return new Promise((resolve, reject) => {
      request.oncomplete = request.onsuccess = () => resolve(request.result);
      request.onabort = request.onerror = () => reject(request.error);
    });
  }

  // src/shared/rows/promised.ts
  var promised = promisifyRequest;

  // src/shared/rows/device.ts
  var INITIAL_DEVICE = {
    client: "",
    owner: "",
    visitor: "",
    isBound: false,
    isRevoked: false,
    clock: 0,
    answered_at: 0,
    answers: 0,
    aged: 0,
    last_id: "",
    limits: DEFAULT_LIMITS,
    not_before: 0,
    failures: 0,
    next_try: 0,
    dirty: null,
    lease: { by: "", until: 0 },
    failed_tags: [],
    failed_at: 0,
    dropped: {},
    capabilities: {},
    app_version: "",
    worker_version: ""
  };
  function readDevice(tx) {
    let device = known.get(tx);
    if (!device) known.set(tx, device = read(tx));
    return device;
  }
  var known = /* @__PURE__ */ new WeakMap();
  async function read(tx) {
    return { ...INITIAL_DEVICE, ...await promised(tx.objectStore("meta").get("device")) };
  }

  // src/worker-parts/offline/offline.ts
  var Offline = class {
    constructor(scope, runtime, kept) {
      this.scope = scope;
      this.runtime = runtime;
      this.kept = kept;
    }
    /** A page that is being opened. A form that is being posted is not ours to answer: what it says would be lost. */
    isPage({ mode, method }) {
      return mode === "navigate" && method === "GET";
    }
    async page(event) {
      const { request } = event;
      try {
        return await event.preloadResponse ?? await this.scope.fetch(request);
      } catch (error) {
        return await this.keptPage(request.url).catch(() => void 0) ?? Promise.reject(error);
      }
    }
    async asset(event) {
      const { request } = event;
      try {
        const response = await this.scope.fetch(request);
        event.waitUntil(this.kept.mend(request.url).catch(() => void 0));
        return response;
      } catch (error) {
        return await this.kept.match(request.url).catch(() => void 0) ?? Promise.reject(error);
      }
    }
    /** What this owner was given to keep, what everybody was, else the page that says why there is none. */
    async keptPage(address) {
      const url = new URL(address);
      url.hash = "";
      const owner = await this.runtime.db.read(readDevice).then((device) => device.owner, () => "");
      const { kept } = this;
      return await keptPage(owner, url.href) ?? await kept.match(url.href) ?? (kept.offline ? kept.match(kept.offline) : void 0);
    }
  };

  // src/worker-parts/offline/precache.ts
  var PREFIX2 = "bgsync:precache:";
  var Precache = class {
    constructor({ config }, { version, urls, offline }) {
      const absolute = (url) => new URL(url, config.base).href;
      this.urls = new Set(urls.map(absolute));
      this.offline = offline && absolute(offline);
      this.name = PREFIX2 + version;
    }
    /** Never rejects: an install that fails would keep the worker of before, with all its faults, for the sake of one file. */
    async fill() {
      if (this.urls.size) await Promise.all([...this.urls].map((url) => this.add(url).catch(() => void 0)));
    }
    /** Once more, where it was missing: what a server of another release did not have may be there now. */
    async mend(...urls) {
      const cache = await this.cache();
      for (const url of urls.length ? urls : this.urls) if (!await cache.match(url)) await this.add(url);
    }
    has({ url, method }) {
      return method === "GET" && this.urls.has(url);
    }
    async match(url) {
      return this.urls.has(url) ? await (await this.cache()).match(url) ?? this.former(url) : void 0;
    }
    async dropOthers() {
      const names = await this.others();
      await Promise.all(names.map((name) => caches.delete(name)));
    }
    async add(url) {
      const response = await fetch(url, { cache: "no-cache", credentials: "omit" }).catch(() => void 0);
      const isGood = response?.ok && !response.redirected;
      const found = isGood ? response : await this.former(url);
      if (found) await (await this.cache()).put(url, found);
    }
    async former(url) {
      for (const name of await this.others()) {
        const found = await (await caches.open(name)).match(url);
        if (found) return found;
      }
      return void 0;
    }
    async others() {
      return (await caches.keys()).filter((name) => name.startsWith(PREFIX2) && name !== this.name);
    }
    cache() {
      return caches.open(this.name);
    }
  };

  // src/worker-parts/offline/index.ts
  plugIn(({ scope, runtime, project }, { precache }) => {
    const kept = new Precache(runtime, precache ?? { version: "", urls: [], offline: null });
    const offline = new Offline(scope, runtime, kept);
    project.waits = true;
    scope.addEventListener("install", (event) => event.waitUntil(kept.fill()));
    scope.addEventListener("activate", (event) => event.waitUntil(Promise.all([
      // Pages wait until we are active, and must not wait for the network.
      kept.dropOthers().then(() => void kept.mend().catch(() => void 0)),
      // While the worker starts, the page is on its way already.
      canPreload(scope) ? scope.registration.navigationPreload?.enable() : void 0
    ])));
    scope.addEventListener("fetch", (event) => {
      if (offline.isPage(event.request)) event.respondWith(offline.page(event));
      else if (kept.has(event.request)) event.respondWith(offline.asset(event));
    });
  });
  function canPreload({ navigator }) {
    return !/firefox/i.test(navigator.userAgent ?? "");
  }
})();
