/*! django-bgsync: generated from client/src, do not edit. sha256 da558c1d98b2af7f8e42c51d50a142d537bd890aa24657fc5cd4053cb1769609 */
// src/shared/context/expiry.ts
function expiry(milliseconds) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), milliseconds);
  return controller.signal;
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

// src/shared/vocabulary/backoff.ts
var CAP = 15 * 6e4;
var RETRY_AFTER_CAP = 24 * 36e5;

// src/shared/pages/result-pages.ts
var PAGES_PATIENCE = 2e4;

// src/shared/vocabulary/release.ts
var RELEASE = false ? "source" : "da558c1d98b2";

// src/page-parts/pages/index.ts
function start({ runtime }) {
  return { keep: (owner, paths) => keepPages(runtime, owner, paths, expiry(PAGES_PATIENCE)) };
}
export {
  RELEASE as release,
  start
};
