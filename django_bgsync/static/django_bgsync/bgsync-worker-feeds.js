/*! django-bgsync: generated from client/src, do not edit. sha256 ef42b50d6c2fa3112d832e551f78fd166e6155efa1849ebf2a34d3fd20c64df8 */
"use strict";
(() => {
  // src/worker/core.ts
  function plugIn(part) {
    (self.__bgsync.parts ??= []).push(part);
  }

  // node_modules/idb-keyval/dist/index.js
  function promisifyRequest(request) {
    return new Promise((resolve, reject) => {
      request.oncomplete = request.onsuccess = () => resolve(request.result);
      request.onabort = request.onerror = () => reject(request.error);
    });
  }

  // src/shared/rows/promised.ts
  var promised = promisifyRequest;

  // src/shared/feeds/periodic-tags.ts
  var PREFIX = "bgsync:";
  function periodicTag(feed) {
    return PREFIX + feed;
  }
  function feedOf(tag) {
    return tag.startsWith(PREFIX) ? tag.slice(PREFIX.length) : null;
  }
  async function forgetTag(db, periodicSync, feed) {
    const all = await db.read((tx) => promised(tx.objectStore("feeds").getAll()));
    if (!all.some(({ name, registration }) => name === feed && registration)) await periodicSync?.unregister(periodicTag(feed));
  }

  // src/shared/context/expiry.ts
  function expiry(milliseconds) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), milliseconds);
    return controller.signal;
  }

  // src/shared/vocabulary/backoff.ts
  var BASE = 5e3;
  var CAP = 15 * 6e4;
  var FLOOR = 1e3;
  var RETRY_AFTER_CAP = 24 * 36e5;
  function postponed(waiting, { now, random }) {
    if (!isPast(waiting.next_try, now)) return waiting;
    const failures = waiting.failures + 1;
    return { ...waiting, failures, next_try: now + backoff(failures, random) };
  }
  function backoff(failures, random) {
    const ceiling = Math.min(CAP, BASE * 2 ** Math.max(0, failures - 1));
    return Math.max(FLOOR, Math.round(random() * ceiling));
  }
  function retryAfter(header, now) {
    if (header === null) return null;
    const value = header.trim();
    if (/^\d+$/.test(value)) return clamped(Number(value));
    const date = /[a-z]/i.test(value) ? Date.parse(value) : NaN;
    return Number.isNaN(date) ? null : clamped((date - now) / 1e3);
  }
  function clamped(seconds) {
    return Math.min(RETRY_AFTER_CAP, Math.max(FLOOR, seconds * 1e3 || 0));
  }
  function isPast(instant, now) {
    return instant <= now || instant > now + RETRY_AFTER_CAP;
  }

  // src/shared/feeds/conditions.ts
  var EARLY = 0.9;
  var METERED = /* @__PURE__ */ new Set(["cellular", "bluetooth", "wimax"]);
  function isPermitted({ network, even_on_save_data }, connection = networkInformation()) {
    if (connection?.saveData && !even_on_save_data) return false;
    return network === "any" || !METERED.has(connection?.type ?? "");
  }
  function isDue(feed, now, trigger) {
    if (!feed.registration || !isPast(feed.not_before, now)) return false;
    if (trigger === "timer" && !isPast(feed.next_try, now)) return false;
    return now < feed.pulled_at || freshUntil(feed) <= now;
  }
  function freshUntil({ is_partial, paths, pulled_at, min_interval, registration }) {
    const interval = Math.max(registration?.min_interval ?? 0, min_interval);
    return is_partial || paths.length ? 0 : pulled_at && pulled_at + interval * EARLY;
  }
  function networkInformation() {
    return globalThis.navigator?.connection;
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
  async function changeDevice(tx, changes) {
    tx.objectStore("meta").put(Object.assign(await readDevice(tx), changes), "device");
  }
  var known = /* @__PURE__ */ new WeakMap();
  async function read(tx) {
    return { ...INITIAL_DEVICE, ...await promised(tx.objectStore("meta").get("device")) };
  }

  // src/shared/context/config.ts
  function withinBase(config, path) {
    return new URL(path, config.base).href;
  }

  // src/shared/context/configuration.ts
  function joined(theirs, ours) {
    const headers = new Headers(theirs);
    for (const [name, value] of Object.entries(ours)) headers.set(name, value);
    return headers;
  }

  // src/shared/context/exchange.ts
  var CLIENT = "BGSync-Client";
  async function exchange(runtime, path, init, signal, moreTime = 0, said = "") {
    const ours = init.headers;
    const client = ours?.[CLIENT] ?? (await runtime.db.read(readDevice)).client;
    const limit = new AbortController();
    const giveUp = () => limit.abort();
    const timer = setTimeout(giveUp, runtime.timeout + moreTime);
    signal?.addEventListener("abort", giveUp);
    try {
      signal?.throwIfAborted();
      const theirs = await Promise.race([runtime.headers?.(), aborted(limit.signal)]);
      const full = requestInit(client + said, { ...init, signal: limit.signal }, theirs);
      return await read2(await runtime.fetch(withinBase(runtime.config, path), full));
    } catch {
      if (signal?.aborted) return "aborted";
      return limit.signal.aborted ? "timeout" : "offline";
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
    }
  }
  function requestInit(client, init, theirs) {
    const ours = { ...init.headers, "X-BGSync": "1", [CLIENT]: client };
    return { ...init, headers: joined(theirs, ours), cache: "no-store", credentials: "same-origin", redirect: "manual" };
  }
  async function read2(response) {
    const type = response.headers.get("Content-Type") ?? "";
    return {
      status: response.status,
      ours: response.headers.get("X-BGSync") === "1",
      json: /^application\/(problem\+)?json\b/.test(type),
      retryAfter: response.headers.get("Retry-After"),
      text: await response.text()
    };
  }
  function aborted(signal) {
    return new Promise((_, reject) => signal.addEventListener("abort", reject));
  }

  // src/shared/context/lock.ts
  var TURN = 2e3;
  async function inLine(locks, name, work, signal) {
    let isMine = false;
    const begin = () => {
      isMine = true;
      return work();
    };
    while (!signal?.aborted) {
      const turn = expiry(TURN);
      try {
        return await locks.request(name, { signal: turn }, begin);
      } catch (error) {
        if (isMine || !turn.aborted) throw error;
      }
    }
    return null;
  }

  // src/shared/pages/caches.ts
  var PREFIX2 = "bgsync:pages:";
  var MAX_PAGES = 200;
  async function keepPages(runtime, owner, paths, signal) {
    if (!storage()) return [];
    const cache = await caches.open(PREFIX2 + owner);
    const missed = [];
    for (const path of paths) {
      const url = pageUrl(runtime, path);
      if (url && !await keep(runtime, cache, url, signal)) missed.push(path);
    }
    const kept2 = await cache.keys();
    for (const request of kept2.slice(0, Math.max(0, kept2.length - MAX_PAGES))) await cache.delete(request);
    return missed;
  }
  async function forgetPages(owner) {
    await storage()?.delete(PREFIX2 + owner);
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

  // src/shared/rows/feed-rows.ts
  var MAX_FEED_ITEMS = 2e3;
  var MAX_FEED_BYTES = 5 * 1024 * 1024;
  var MAX_BYTES = 20 * 1024 * 1024;
  var MAX_PATHS = 200;
  var EVICTED_AT_ONCE = 100;
  var EMPTY = { generation: 0, next: 0, count: 0, bytes: 0 };
  async function findFeed(tx, owner, name) {
    return await promised(tx.objectStore("feeds").get([owner, name])) ?? {
      owner,
      name,
      cursor: null,
      live: EMPTY,
      staged: null,
      pulled_at: 0,
      is_partial: false,
      failures: 0,
      next_try: 0,
      not_before: 0,
      min_interval: 0,
      paths: [],
      registration: null
    };
  }
  function putFeed(tx, feed) {
    tx.objectStore("feeds").put(feed);
    return feed;
  }
  async function storePage(tx, before, page) {
    const feed = page.reset ? restaged(tx, before) : before;
    const filled = { ...feed.staged ?? feed.live };
    await takeOut(tx, feed, filled, page.deleted.map(String));
    await putIn(tx, feed, filled, page.items);
    await evict(tx, feed, filled);
    const after = {
      ...feed,
      ...feed.staged ? { staged: filled } : { live: filled },
      cursor: page.cursor,
      is_partial: page.more,
      min_interval: page.min_interval * 1e3,
      paths: [.../* @__PURE__ */ new Set([...feed.paths, ...page.cache])].slice(-MAX_PATHS)
    };
    return putFeed(tx, page.more || !after.staged ? after : exchanged(tx, after, after.staged));
  }
  function emptied(tx, feed) {
    tx.objectStore("feed_items").delete(within(feed.owner, feed.name));
    return putFeed(tx, { ...feed, cursor: null, live: EMPTY, staged: null, is_partial: false, paths: [] });
  }
  async function makeRoom(tx, { owner, name }, most = MAX_BYTES) {
    const all = await promised(tx.objectStore("feeds").getAll());
    const others = all.filter((feed) => size(feed) > 0 && (feed.owner !== owner || feed.name !== name));
    const isMine = (feed) => Number(feed.owner === owner);
    others.sort((a, b) => isMine(a) - isMine(b) || a.pulled_at - b.pulled_at);
    let bytes = all.reduce((sum, feed) => sum + size(feed), 0);
    const dropped = others.filter((feed) => bytes > most && (bytes -= size(feed), true));
    for (const feed of dropped) emptied(tx, feed);
    return dropped.length > 0;
  }
  function size({ live, staged }) {
    return live.bytes + (staged?.bytes ?? 0);
  }
  function restaged(tx, feed) {
    if (feed.staged) tx.objectStore("feed_items").delete(within(feed.owner, feed.name, feed.staged.generation));
    const generation = Math.max(feed.live.generation, feed.staged?.generation ?? 0) + 1;
    return { ...feed, staged: feed.live.count ? { ...EMPTY, generation } : null };
  }
  function exchanged(tx, feed, staged) {
    tx.objectStore("feed_items").delete(within(feed.owner, feed.name, feed.live.generation));
    return { ...feed, live: staged, staged: null };
  }
  async function takeOut(tx, feed, filled, ids) {
    for (const row of await known2(tx, feed, filled, [...new Set(ids)])) if (row) remove(tx, filled, row);
  }
  async function putIn(tx, { owner, name, ...feed }, filled, items) {
    const once = new Map(items.map((item) => [String(item.id), item]));
    const before = await known2(tx, { owner, name, ...feed }, filled, [...once.keys()]);
    [...once].forEach(([id, item], i) => {
      const { generation } = filled;
      const bytes = new TextEncoder().encode(JSON.stringify(item)).length;
      const position = before[i]?.position ?? filled.next++;
      filled.count += before[i] ? 0 : 1;
      filled.bytes += bytes - (before[i]?.bytes ?? 0);
      tx.objectStore("feed_items").put({ owner, name, generation, position, id, item, bytes });
    });
  }
  async function evict(tx, { owner, name }, filled) {
    const isOver = () => filled.count > MAX_FEED_ITEMS || filled.bytes > MAX_FEED_BYTES;
    while (isOver()) {
      const first = await promised(tx.objectStore("feed_items").getAll(within(owner, name, filled.generation), EVICTED_AT_ONCE));
      if (!first.length) return;
      for (const row of first) if (isOver()) remove(tx, filled, row);
    }
  }
  function known2(tx, { owner, name }, { generation }, ids) {
    const index = tx.objectStore("feed_items").index("id");
    return Promise.all(ids.map((id) => promised(index.get([owner, name, generation, id]))));
  }
  function remove(tx, filled, { owner, name, generation, position, bytes }) {
    filled.count -= 1;
    filled.bytes -= bytes;
    tx.objectStore("feed_items").delete([owner, name, generation, position]);
  }
  function within(...start) {
    return IDBKeyRange.bound(start, [...start, []]);
  }

  // src/shared/vocabulary/verdict.ts
  function isObject(value) {
    return typeof value === "object" && value !== null && !Array.isArray(value);
  }
  function parsed({ json, text }) {
    if (!json) return null;
    try {
      return JSON.parse(text);
    } catch {
      return null;
    }
  }

  // src/shared/feeds/answers.ts
  function judgePage(reply, name, now) {
    if (reply === "aborted") return { kind: reply };
    if (typeof reply === "string") return { kind: "unreachable", delay: null };
    const body = reply.ours ? parsed(reply) : null;
    if (reply.status === 200 && isPage(body, name)) return { kind: "page", page: body };
    const { code } = isObject(body) ? body : {};
    if (code === "unknown_feed") return { kind: "unknown" };
    if (code === "invalid_cursor") return { kind: "restart" };
    if (code && BLOCKED.has(reply.status)) return { kind: "blocked", isRevoked: code === "client_revoked" };
    return { kind: "unreachable", delay: retryAfter(reply.retryAfter, now) };
  }
  var BLOCKED = /* @__PURE__ */ new Set([401, 403, 409]);
  function isPage(body, name) {
    return isObject(body) && body["bgsync"] === 1 && body["feed"] === name && typeof body["owner"] === "string" && (body["cursor"] === null || typeof body["cursor"] === "string") && typeof body["min_interval"] === "number" && ["items", "deleted", "cache"].every((member) => Array.isArray(body[member])) && body["items"].every((item) => isObject(item) && "id" in item);
  }

  // src/shared/feeds/pull.ts
  var MOST_PAGES = 200;
  var FeedPuller = class {
    /** `recheck` asks anew whose session it is, and says whether that could be asked. */
    constructor(runtime, recheck) {
      this.runtime = runtime;
      this.recheck = recheck;
    }
    /** Rejects with a BgsyncError where the device cannot keep it. */
    async pull(name, cause) {
      const { locks } = this.runtime;
      const run = () => new Pull(this.runtime, this.recheck, name, cause).run();
      if (!locks) return run();
      return await inLine(locks, `bgsync:feed:${name}`, run, cause.signal) ?? "unreachable";
    }
  };
  var Pull = class {
    constructor(runtime, recheck, name, cause) {
      this.runtime = runtime;
      this.recheck = recheck;
      this.name = name;
      this.cause = cause;
      this.owner = "";
      this.hasNews = false;
      this.hasRestarted = false;
      this.startedAt = runtime.now();
    }
    async run() {
      const { db, now } = this.runtime;
      const { owner, isRevoked } = await db.read(readDevice);
      if (!owner || isRevoked) return "blocked";
      this.owner = owner;
      const feed = await db.read((tx) => findFeed(tx, owner, this.name));
      if (this.cause.isWanted?.(feed) === false) return "unchanged";
      if (!isPast(feed.not_before, now())) return "unreachable";
      const ending = await this.pages(feed);
      if (this.hasNews || ending === "unchanged") this.runtime.announce({ type: "feed", name: this.name });
      return this.hasNews && ending === "unchanged" ? "updated" : ending;
    }
    async pages(feed) {
      for (let asked = 0; asked < MOST_PAGES; asked += 1) {
        const answer = await this.ask(feed);
        if (answer.kind === "restart" && !this.hasRestarted) {
          this.hasRestarted = true;
          feed = await this.change((tx, row) => putFeed(tx, { ...row, cursor: null }));
        } else if (answer.kind !== "page") {
          return this.miss(answer);
        } else {
          const stored = await this.keep(feed.cursor, answer.page);
          if (!stored) return await this.isOwners() ? "unchanged" : "blocked";
          if (!stored.is_partial) return this.settle(stored);
          feed = stored;
        }
      }
      return "unreachable";
    }
    async ask({ cursor, registration }) {
      const { signal, trigger } = this.cause;
      const query = cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`;
      const wanted = registration ? `;min-interval=${Math.round(registration.min_interval / 1e3)}` : "";
      const path = `v1/feeds/${encodeURIComponent(this.name)}/${query}`;
      const headers = { "BGSync-Owner": this.owner };
      const reply = await exchange(this.runtime, path, { headers }, signal, 0, `;trigger=${trigger}${wanted}`);
      return judgePage(reply, this.name, this.runtime.now());
    }
    /** Null if it must not be stored: the owner has changed, or another context has stored this page and goes on. */
    async keep(asked, page) {
      const store = () => this.runtime.db.write(async (tx) => {
        const feed = await findFeed(tx, this.owner, this.name);
        const { owner } = await readDevice(tx);
        if (owner !== this.owner || page.owner !== owner || feed.cursor !== asked) return null;
        const stored2 = await storePage(tx, feed, page);
        await makeRoom(tx, stored2);
        return stored2;
      });
      const stored = await store().catch(async (error) => {
        if (error.name !== "QuotaExceededError" || !await this.dropOthers()) throw error;
        return store();
      });
      if (stored && (page.items.length || page.deleted.length || page.cache.length)) this.hasNews = true;
      return stored;
    }
    dropOthers() {
      return this.runtime.db.write(async (tx) => makeRoom(tx, await findFeed(tx, this.owner, this.name), 0));
    }
    /** Everything has come. The pages of the site belong to it. */
    async settle({ paths }) {
      const missed = paths.length ? await this.keepPages(paths) : [];
      if (!missed) return "blocked";
      const done = { pulled_at: this.startedAt, paths: missed };
      await this.change((tx, row) => {
        const next = missed.length ? this.postponed(row) : { ...row, failures: 0, next_try: 0 };
        return putFeed(tx, { ...next, ...done });
      });
      return "unchanged";
    }
    /** Null if they may be somebody else's: the session has changed while they were fetched. */
    async keepPages(paths) {
      const { signal } = this.cause;
      const missed = await keepPages(this.runtime, this.owner, paths, signal);
      const isSure = missed.length === paths.length || await this.recheck(signal);
      if (await this.isOwners()) return isSure ? missed : paths;
      await forgetPages(this.owner);
      return null;
    }
    async isOwners() {
      return (await this.runtime.db.read(readDevice)).owner === this.owner;
    }
    async miss(answer) {
      const { now } = this.runtime;
      switch (answer.kind) {
        case "aborted":
          return "unreachable";
        case "unknown":
          await this.change((tx, row) => putFeed(tx, { ...row, registration: null }));
          return "unknown";
        case "blocked":
          if (answer.isRevoked) await this.runtime.db.write((tx) => changeDevice(tx, { isRevoked: true }));
          await this.change((tx, row) => putFeed(tx, this.postponed(row)));
          return "blocked";
        default: {
          const delay = answer.kind === "unreachable" ? answer.delay : null;
          const rest = delay === null ? {} : { not_before: now() + delay };
          await this.change((tx, row) => putFeed(tx, { ...this.postponed(row), ...rest }));
          return "unreachable";
        }
      }
    }
    postponed(row) {
      const { now, random } = this.runtime;
      return postponed(row, { now: now(), random });
    }
    /** The owner may have left meanwhile, and nothing of theirs must come back. */
    change(change) {
      return this.runtime.db.write(async (tx) => {
        const feed = await findFeed(tx, this.owner, this.name);
        return (await readDevice(tx)).owner === this.owner ? change(tx, feed) : feed;
      });
    }
  };

  // src/worker-parts/feeds/periodic-events.ts
  var BUDGET = 15e4;
  var UPDATE_PATIENCE = 5e3;
  var PeriodicEvents = class {
    constructor(core) {
      this.core = core;
      this.puller = new FeedPuller(core.runtime, async (signal) => await core.session.run(signal) !== null);
    }
    /** Rejects if the server could not be reached: the browser then tries again within the hour. */
    async handle(tag) {
      const { scope, flusher } = this.core;
      const name = feedOf(tag);
      if (name === null) return;
      const signal = expiry(BUDGET);
      const updating = scope.registration.update().catch(() => void 0);
      await flusher.insist({ trigger: "periodicsync", signal });
      const ending = await this.pull(name, signal);
      await Promise.race([updating, pause(UPDATE_PATIENCE)]);
      if (ending === "unreachable") throw new Error(`django-bgsync: the feed ${name} could not be pulled`);
    }
    async pull(name, signal) {
      const { runtime: { db, now }, scope } = this.core;
      const isWanted = (feed2) => isDue(feed2, now(), "periodicsync") && isPermitted(feed2.registration);
      const feed = await db.read(async (tx) => findFeed(tx, (await readDevice(tx)).owner, name));
      const ending = await this.puller.pull(name, { trigger: "periodicsync", signal, isWanted });
      if (!feed.registration || ending === "unknown") await forgetTag(db, scope.registration.periodicSync, name);
      return ending;
    }
  };
  function pause(milliseconds) {
    return new Promise((resume) => setTimeout(resume, milliseconds));
  }

  // src/worker-parts/feeds/feeds.ts
  var feeds = (core) => {
    const events = new PeriodicEvents(core);
    core.scope.addEventListener("periodicsync", (event) => {
      if (feedOf(event.tag) !== null) event.waitUntil(events.handle(event.tag));
    });
  };

  // src/worker-parts/feeds/index.ts
  plugIn(feeds);
})();
