/*! django-bgsync: generated from client/src, do not edit. sha256 ef42b50d6c2fa3112d832e551f78fd166e6155efa1849ebf2a34d3fd20c64df8 */
// src/shared/context/expiry.ts
function expiry(milliseconds) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), milliseconds);
  return controller.signal;
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
async function keepPagesOf(runtime, session, owner, paths) {
  const signal = expiry(PATIENCE);
  const missed = await keepPages(runtime, owner, paths, signal);
  if (missed.length === paths.length) return;
  const isKnown = await session.run(signal);
  if (!isKnown || (await runtime.db.read(readDevice)).owner !== owner) await dropPages(runtime, owner, paths);
}

// src/shared/vocabulary/release.ts
var RELEASE = false ? "source" : "ef42b50d6c2f";

// src/page-parts/pages/index.ts
function start({ runtime }) {
  return { keep: (session, owner, paths) => keepPagesOf(runtime, session, owner, paths) };
}
export {
  RELEASE as release,
  start
};
