/*! django-bgsync: generated from client/src, do not edit. sha256 ef42b50d6c2fa3112d832e551f78fd166e6155efa1849ebf2a34d3fd20c64df8 */
"use strict";
(() => {
  // src/worker/core.ts
  function plugIn(part) {
    (self.__bgsync.parts ??= []).push(part);
  }

  // src/shared/outbox/messages.ts
  function isWorkerMessage(data) {
    return typeof data === "object" && data !== null && "bgsync" in data && data.bgsync === 1 && "type" in data;
  }

  // src/shared/context/expiry.ts
  function expiry(milliseconds) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), milliseconds);
    return controller.signal;
  }

  // src/shared/vocabulary/backoff.ts
  var CAP = 15 * 6e4;
  var RETRY_AFTER_CAP = 24 * 36e5;
  function askDelay(asked) {
    return Math.min(6e4, 1e3 * 2 ** asked);
  }

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

  // src/shared/vocabulary/verdict.ts
  function isObject(value) {
    return typeof value === "object" && value !== null && !Array.isArray(value);
  }

  // src/shared/pages/caches.ts
  var PREFIX = "bgsync:pages:";
  var MAX_PAGES = 200;
  async function keepPages(runtime, owner, paths, signal) {
    if (!storage()) return [];
    const cache = await caches.open(PREFIX + owner);
    const missed = [];
    for (const path of paths) {
      const url = pageUrl(runtime, path);
      if (url && !await keep(runtime, cache, url, signal)) missed.push(path);
    }
    const kept2 = await cache.keys();
    for (const request of kept2.slice(0, Math.max(0, kept2.length - MAX_PAGES))) await cache.delete(request);
    return missed;
  }
  async function dropPages({ config }, owner, paths) {
    const cache = await storage()?.open(PREFIX + owner);
    for (const path of paths) {
      const url = pageUrl({ config }, path);
      if (url) await cache?.delete(url);
    }
  }
  function storage() {
    return globalThis.caches;
  }
  function pageUrl({ config }, path) {
    try {
      const url = new URL(path, config.base);
      url.hash = "";
      return path.startsWith("/") && url.origin === new URL(config.base).origin ? url.href : null;
    } catch {
      return null;
    }
  }
  async function keep({ fetch, timeout }, cache, url, signal) {
    const limit = new AbortController();
    const giveUp = () => limit.abort();
    const timer = setTimeout(giveUp, timeout);
    signal?.addEventListener("abort", giveUp);
    try {
      signal?.throwIfAborted();
      const response = await fetch(url, { cache: "no-store", credentials: "same-origin", redirect: "manual", signal: limit.signal });
      if (response.status >= 500 || response.status === 429) return false;
      if (response.status !== 200) return true;
      const body = await response.arrayBuffer();
      await cache.put(url, new Response(body, { headers: kept(response.headers) })).catch(() => void 0);
      return true;
    } catch {
      return false;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
    }
  }
  function kept(headers) {
    const all = new Headers(headers);
    all.delete("Vary");
    all.delete("Content-Encoding");
    all.delete("Content-Length");
    return all;
  }

  // src/shared/pages/result-pages.ts
  var PATIENCE = 2e4;
  function pagesOf(results) {
    return results.flatMap(({ result }) => {
      const paths = isObject(result) ? result["cache"] : null;
      return Array.isArray(paths) ? paths.filter((path) => typeof path === "string") : [];
    });
  }
  async function keepPagesOf(runtime, session, owner, paths) {
    const signal = expiry(PATIENCE);
    const missed = await keepPages(runtime, owner, paths, signal);
    if (missed.length === paths.length) return;
    const isKnown = await session.run(signal);
    if (!isKnown || (await runtime.db.read(readDevice)).owner !== owner) await dropPages(runtime, owner, paths);
  }

  // src/shared/rows/items.ts
  var UNSENT = ["queued", "sending", "blocked"];
  var STATES = [...UNSENT, "accepted", "parked"];
  function inState(tx, owner, state, limit) {
    return promised(tx.objectStore("items").index("state_owner").getAll([state, owner], limit));
  }

  // src/worker-parts/completion/notices.ts
  var Notices = class {
    constructor(scope, start) {
      this.scope = scope;
      this.start = start;
      this.showing = /* @__PURE__ */ new Set();
    }
    hear(announcement) {
      if (announcement.type !== "settled" || announcement.result.status !== "applied") return;
      const { id, notify } = announcement.item;
      if (!notify) return;
      const shown = this.show(id, notify).finally(() => this.showing.delete(shown));
      this.showing.add(shown);
    }
    /** Resolves when all that was heard of is shown. */
    async shown() {
      await Promise.all(this.showing);
    }
    /** Whoever looks at a page of the site sees it there. The site asks for the permission, never we. */
    async show(id, { title, body = "", url }) {
      const pages = await this.scope.clients.matchAll({ type: "window", includeUncontrolled: true });
      if (pages.some(({ visibilityState }) => visibilityState === "visible")) return;
      const data = { bgsync: 1, url: this.address(url) };
      await this.scope.registration.showNotification(title, { body, data, tag: `bgsync:${id}` }).catch(() => void 0);
    }
    isOurs({ data }) {
      return data?.bgsync === 1;
    }
    /** Bring its page to the front: where it is open already, else in an open window, else in a new one. */
    async follow(notification) {
      notification.close();
      const { url } = notification.data;
      const pages = await this.scope.clients.matchAll({ type: "window", includeUncontrolled: true });
      const there = pages.find((page) => page.url === url);
      if (there) return void await there.focus();
      try {
        const page = await pages[0].focus();
        if (await page.navigate(url)) return;
      } catch {
      }
      await this.scope.clients.openWindow(url);
    }
    /** Within this site, whatever stands in the outbox. */
    address(url) {
      const { origin } = this.scope.location;
      const start = new URL(this.start, origin);
      const address = new URL(url ?? start.href, origin);
      return (address.origin === origin ? address : start).href;
    }
  };

  // src/worker-parts/completion/completion.ts
  var PATIENCE2 = 6e4;
  var completion = ({ scope, runtime, session, flusher, listen }, { scope: site }) => {
    const notices = new Notices(scope, site ?? "/");
    runtime.keepPages = async (owner, results) => {
      const paths = pagesOf(results);
      if (paths.length) await keepPagesOf(runtime, session, owner, paths).catch(() => void 0);
    };
    runtime.linger = async (tag, cause) => {
      const isOpen = await linger(runtime, flusher, tag, cause);
      await notices.shown();
      return isOpen;
    };
    listen((announcement) => notices.hear(announcement));
    scope.addEventListener("message", (event) => {
      const { data } = event;
      if (isWorkerMessage(data) && data.type === "notify") event.waitUntil(notices.show(data.id, data.notify));
    });
    scope.addEventListener("notificationclick", (event) => {
      if (notices.isOurs(event.notification)) event.waitUntil(notices.follow(event.notification));
    });
  };
  async function linger(runtime, flusher, tag, cause) {
    const isAwaited = () => runtime.db.read(async (tx) => {
      const accepted = await inState(tx, (await readDevice(tx)).owner, "accepted");
      return accepted.some((item) => item.tag === tag && item.notify);
    });
    const end = runtime.now() + PATIENCE2;
    for (let asked = 0; await isAwaited(); asked += 1) {
      const wait = askDelay(asked);
      if (cause.signal.aborted || runtime.now() + wait > end) return true;
      await new Promise((resume) => setTimeout(resume, wait));
      await flusher.insist({ ...cause, asks: true });
    }
    return false;
  }

  // src/worker-parts/completion/index.ts
  plugIn(completion);
})();
