/*! django-bgsync: generated from client/src, do not edit. sha256 ef42b50d6c2fa3112d832e551f78fd166e6155efa1849ebf2a34d3fd20c64df8 */
"use strict";
(() => {
  // src/shared/context/expiry.ts
  function expiry(milliseconds) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), milliseconds);
    return controller.signal;
  }

  // src/shared/context/lock.ts
  var LOCK = "bgsync:flush";
  var LEASE = 45e3;
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
  function webLock(locks) {
    return {
      isExclusive: true,
      attempt: (work) => locks.request(LOCK, { ifAvailable: true }, (lock) => lock && work()),
      wait: (work, signal) => inLine(locks, LOCK, work, signal),
      renew: async () => true
    };
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

  // src/shared/vocabulary/protocol.ts
  var PROTOCOL = 1;
  var MAX_AWAITING = 100;
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
  async function changeDevice(tx, changes) {
    tx.objectStore("meta").put(Object.assign(await readDevice(tx), changes), "device");
  }
  var known = /* @__PURE__ */ new WeakMap();
  async function read(tx) {
    return { ...INITIAL_DEVICE, ...await promised(tx.objectStore("meta").get("device")) };
  }
  async function backOff(tx, moment) {
    await changeDevice(tx, postponed(await readDevice(tx), moment));
  }
  function isCutOff({ failures }) {
    return failures > 0 || globalThis.navigator?.onLine === false;
  }
  function isLongAgo({ answered_at, clock }, now) {
    return Math.abs(now + clock - answered_at) > 36e5;
  }

  // src/shared/vocabulary/identity.ts
  var COUNTS = 4096;
  function uuid4() {
    const random = crypto.getRandomValues(new Uint8Array(16));
    random[6] = random[6] & 15 | 64;
    random[8] = random[8] & 63 | 128;
    const digits = Array.from(random, (byte) => hex(byte, 2)).join("");
    return digits.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }
  function mint(last, now, random = uuid4()) {
    const end = random.slice(18);
    if (stamp(now) > last) return stamp(now) + hex(parseInt(end.slice(-4), 16) % (COUNTS / 4), 3) + end;
    const count = parseInt(last.slice(15, 18), 16) + 1;
    if (count < COUNTS) return last.slice(0, 15) + hex(count, 3) + end;
    return `${stamp(parseInt(last.replace("-", ""), 16) + 1)}000${end}`;
  }
  function stamp(at) {
    return hex(Math.trunc(at), 12).replace(/(.{8})/, "$1-") + "-7";
  }
  function hex(number, length) {
    return number.toString(16).padStart(length, "0");
  }

  // src/shared/rows/files.ts
  function fileBytes(files = []) {
    return files.reduce((sum, { size }) => sum + size, 0);
  }
  function excess(files = [], limits) {
    const counts = [
      ["max_files", files.length],
      ["max_file_bytes", Math.max(0, ...files.map(({ size }) => size))],
      ["max_delivery_file_bytes", fileBytes(files)]
    ];
    return counts.find(([limit, count]) => count > limits[limit]);
  }
  function filesOf({ seq }) {
    return IDBKeyRange.bound([seq], [seq, []]);
  }
  function readFiles(tx, item) {
    return promised(tx.objectStore("files").getAll(filesOf(item)));
  }
  async function attachments(tx, items) {
    const found = items.filter(({ files }) => files).map(async (item) => (await readFiles(tx, item)).map(({ name, filename, type, content }) => [`${item.id}/${name}`, new Blob([content], { type }), filename || name]));
    return (await Promise.all(found)).flat();
  }
  function writeForm(envelope, attached) {
    const form = new FormData();
    form.append("envelope", JSON.stringify(envelope));
    for (const part of attached) form.append(...part);
    return form;
  }

  // src/shared/rows/items.ts
  var UNSENT = ["queued", "sending", "blocked"];
  var STATES = [...UNSENT, "accepted", "parked"];
  var DUE = {
    state: "queued",
    failures: 0,
    next_try: 0,
    not_before: 0,
    expires_at: null,
    result: null,
    last_error: null
  };
  function isOverdue({ state, expires_at }, { answered_at }) {
    return (state === "queued" || state === "blocked") && Boolean(expires_at) && expires_at <= answered_at;
  }
  async function overdueItems(tx, device) {
    const expired = await promised(tx.objectStore("items").index("expires_at").getAll(IDBKeyRange.upperBound(device.answered_at)));
    return expired.filter((item) => isOverdue(item, device));
  }
  function writtenAt(device, now) {
    return { created_at: now, clock: isLongAgo(device, now) ? null : device.clock, since: device.answers };
  }
  async function find(tx, id) {
    const items = tx.objectStore("items");
    return await promised(items.index("id").get(id)) ?? promised(items.index("aliases").get(id));
  }
  async function findAgain(tx, items) {
    const seqs = items.map(({ seq }) => seq);
    const [first, last] = [Math.min(...seqs), Math.max(...seqs)];
    if (!items.length || last - first >= 2 * items.length) return /* @__PURE__ */ new Map();
    const near = await promised(tx.objectStore("items").getAll(IDBKeyRange.bound(first, last)));
    return new Map(near.map((item) => [item.id, item]));
  }
  function remove(tx, ...items) {
    const seqs = items.map(({ seq }) => seq).sort((a, b) => a - b);
    for (let start = 0, end = 1; start < seqs.length; start = end++) {
      while (seqs[end] === seqs[start] + end - start) end += 1;
      tx.objectStore("items").delete(IDBKeyRange.bound(seqs[start], seqs[end - 1]));
    }
    for (const item of items) if (item.files) tx.objectStore("files").delete(filesOf(item));
  }
  function put(tx, item) {
    tx.objectStore("items").put(item);
    return item;
  }
  function inState(tx, owner, state, limit) {
    return promised(tx.objectStore("items").index("state_owner").getAll([state, owner], limit));
  }
  function everyonesInState(tx, state) {
    return promised(tx.objectStore("items").index("state_owner").getAll(IDBKeyRange.bound([state], [state, []])));
  }
  async function ownedBy(tx, owner) {
    return (await Promise.all(STATES.map((state) => inState(tx, owner, state)))).flat().sort((a, b) => a.seq - b.seq);
  }
  function mintId({ clock, answered_at, last_id }, now, last) {
    return mint(last > last_id ? last : last_id, Math.max(now + clock, answered_at));
  }
  async function copyItem(tx, item, now) {
    const device = await readDevice(tx);
    const id = mintId(device, now, item.id);
    await changeDevice(tx, { last_id: id });
    return {
      ...item,
      ...DUE,
      id,
      aliases: [...item.aliases, item.id],
      ...writtenAt(device, now),
      send_count: 0,
      retry: 0,
      uncertain: false
    };
  }
  async function countItems(tx, owner) {
    const index = tx.objectStore("items").index("state_owner");
    const numbers = await Promise.all(STATES.map((state) => promised(index.count([state, owner]))));
    const counts = Object.fromEntries(STATES.map((state, i) => [state, numbers[i]]));
    return { ...counts, pending: counts.queued + counts.sending + counts.blocked };
  }
  async function reportOutbox(tx, owner) {
    const { pending, parked } = await countItems(tx, owner);
    const oldest = await Promise.all(UNSENT.map((state) => inState(tx, owner, state, 1)));
    const instants = oldest.flat().map((item) => item.created_at);
    return {
      pending,
      parked,
      oldest_at: instants.length ? new Date(Math.min(...instants)).toISOString() : null,
      dropped: (await readDevice(tx)).dropped
    };
  }

  // src/shared/rows/results.ts
  var KEPT = 500;
  var KEPT_FOR = 7 * 24 * 36e5;
  function keepResult(tx, item, settlement, now) {
    const results = tx.objectStore("results");
    for (const id of [item.id, ...item.aliases]) {
      results.put({ id, owner: item.owner, settled_at: now, settlement });
    }
  }
  async function pruneResults(tx, now) {
    const results = tx.objectStore("results");
    const byAge = results.index("settled_at");
    const old = await promised(byAge.getAllKeys(IDBKeyRange.upperBound(now - KEPT_FOR)));
    const surplus = await promised(results.count()) - old.length - KEPT;
    const oldest = surplus > 0 ? await promised(byAge.getAllKeys(null, old.length + surplus)) : old;
    for (const id of oldest) results.delete(id);
  }
  var HERE = { expired: ["expired", "park"], too_large: ["rejected", "park"], unknown_item: ["deferred", "retry"] };
  function verdictHere(id, code) {
    const [status, disposition] = HERE[code];
    return { id, status, disposition, code, replayed: false, result: null, retry_after: null, problem: null };
  }

  // src/shared/outbox/messages.ts
  function news(item) {
    const { id, aliases, tag, lane = "", notify } = item;
    return { id, aliases, tag, lane, ...notify && { notify } };
  }
  function isWorkerMessage(data) {
    return typeof data === "object" && data !== null && "bgsync" in data && data.bgsync === 1 && "type" in data;
  }
  var CHANNEL = "django-bgsync:1";
  var Announcer = class {
    constructor(listener) {
      this.listener = listener;
      this.channel = null;
    }
    open() {
      if (this.channel || typeof BroadcastChannel === "undefined") return;
      this.channel = new BroadcastChannel(CHANNEL);
      this.channel.onmessage = (event) => event.data.forEach(this.listener);
    }
    close() {
      this.channel?.close();
      this.channel = null;
    }
    announce(...announcements2) {
      announcements2.forEach(this.listener);
      if (announcements2.length) this.channel?.postMessage(announcements2);
    }
  };

  // src/shared/outbox/settlement.ts
  async function applyResults(tx, sent, results, moment) {
    return apply(tx, await findAgain(tx, sent), results, (item, result, gone) => applyResult(tx, item, result, moment, gone));
  }
  async function applyNews(tx, settled, moment) {
    const device = await readDevice(tx);
    return apply(tx, /* @__PURE__ */ new Map(), settled, (item, result, gone) => {
      const isUnknown = result.code === "unknown_item";
      if (isUnknown && isOverdue(item, device)) return applyResult(tx, item, verdictHere(item.id, "expired"), moment, gone);
      if (isUnknown && item.state === "accepted") put(tx, { ...item, ...DUE });
      else if (isNews(item, result, device)) return applyResult(tx, item, result, moment, gone);
      return [];
    });
  }
  async function countFailure(tx, sent, code, moment) {
    await giveBack(tx, sent, (item) => postponed({ ...item, last_error: code }, moment));
  }
  async function parkTooLarge(tx, sent, limits, moment) {
    const told = [];
    for (const item of sent) {
      const kept = excess(item.files, limits) || item.bytes > limits.max_bytes ? await find(tx, item.id) : void 0;
      if (kept?.state === "queued") told.push(...await applyResult(tx, kept, verdictHere(item.id, "too_large"), moment, []));
    }
    return told;
  }
  async function giveBack(tx, sent, changed = (item) => item) {
    await Promise.all(sent.map(async ({ id, lease_by }) => {
      const item = await find(tx, id);
      const mine = item?.state === "sending" && item.lease_by === lease_by;
      if (mine) put(tx, { ...changed(item), state: "queued" });
    }));
  }
  async function apply(tx, found, results, one) {
    const gone = [];
    const once = new Map(results.map((result) => [result.id, result]));
    const told = await Promise.all([...once.values()].map(async (result) => {
      const item = found.get(result.id) ?? await find(tx, result.id);
      return item ? one(item, result, gone) : [];
    }));
    remove(tx, ...gone);
    return told.flat();
  }
  function isNews(item, result, device) {
    if (result.disposition === "retry") return false;
    if (isOverdue(item, device)) return true;
    const known2 = item.result;
    const same = known2?.status === result.status && known2.code === result.code;
    return (item.state === "accepted" || item.state === "parked") && !same;
  }
  async function applyResult(tx, item, result, moment, gone) {
    switch (result.disposition) {
      case "done":
        gone.push(item);
        return finish(tx, item, result, moment);
      case "wait":
        put(tx, { ...item, ...DUE, state: "accepted", uncertain: false, result });
        return item.state === "accepted" ? [] : [{ type: "sent", item: news(item), result }];
      case "park":
        return park(tx, item, result, moment);
      default:
        if (item.state === "accepted" || item.state === "parked") return [];
        put(tx, deferred({ ...item, uncertain: result.code === "in_flight" }, result, moment));
        return [];
    }
  }
  async function finish(tx, item, result, { now }) {
    if (item.owner === (await readDevice(tx)).owner) keepResult(tx, item, result, now);
    const settled = { type: "settled", item: news(item), result };
    return item.state === "accepted" ? [settled] : [{ type: "sent", item: news(item), result }, settled];
  }
  async function park(tx, item, result, { now }) {
    if (isFresh(item) && result.code === "id_too_old") {
      put(tx, await copyItem(tx, item, now));
      return [];
    }
    put(tx, { ...item, state: "parked", uncertain: false, result });
    return [{ type: "parked", item: news(item), result }, { type: "settled", item: news(item), result }];
  }
  function isFresh(item) {
    return item.state === "sending" && item.send_count === 1 && item.aliases.length === 0;
  }
  function deferred(item, result, moment) {
    const kept = { ...item, state: item.state === "blocked" ? "blocked" : "queued", last_error: result.code };
    if (result.retry_after === null) return postponed(kept, moment);
    return { ...kept, not_before: moment.now + clamped(result.retry_after) };
  }

  // src/shared/outbox/aging.ts
  async function startAging(db, maxAge) {
    const known2 = await db.read(readDevice);
    if (known2.answers === known2.aged) return;
    await db.write(async (tx) => {
      const { answers, answered_at } = await readDevice(tx);
      for (const item of await ageless(tx)) {
        put(tx, { ...item, expires_at: answered_at + Math.min(item.max_age ?? Infinity, maxAge) });
      }
      await changeDevice(tx, { aged: answers });
    });
  }
  async function expire(tx, moment) {
    const device = await readDevice(tx);
    const told = [];
    for (const item of await overdueItems(tx, device)) {
      if (item.uncertain) continue;
      const news2 = await applyResult(tx, item, verdictHere(item.id, "expired"), moment, []);
      if (item.owner === device.owner) told.push(...news2);
    }
    return told;
  }
  async function ageless(tx) {
    const { answers } = await readDevice(tx);
    const waiting = [...await everyonesInState(tx, "queued"), ...await everyonesInState(tx, "blocked")];
    return waiting.filter(({ expires_at, since }) => answers && !expires_at && since !== answers);
  }

  // src/shared/outbox/contact.ts
  async function noteContact(tx, { server_time, limits }, moment, more) {
    const device = await readDevice(tx);
    const at = Date.parse(server_time);
    const clock = Number.isNaN(at) ? {} : { clock: Math.round(at - moment.now), answered_at: at };
    const contact = { failures: 0, next_try: 0, answers: device.answers + 1, ...clock };
    await changeDevice(tx, { ...contact, limits: { ...device.limits, ...limits }, ...more });
    return expire(tx, moment);
  }

  // src/shared/rows/visitors.ts
  async function bindVisitor(tx, user) {
    const { client, visitor } = await readDevice(tx);
    if (!visitor || visitor === user) return;
    const items = await ownedBy(tx, visitor);
    for (const item of items) put(tx, { ...item, owner: user, visitor: { owner: visitor, client } });
    const results = await promised(tx.objectStore("results").getAll());
    for (const result of results) if (result.owner === visitor) tx.objectStore("results").put({ ...result, owner: user });
    await changeDevice(tx, { visitor: "", isBound: true });
  }
  async function disown(tx, sent) {
    for (const { id } of sent) {
      const item = await find(tx, id);
      if (!item?.visitor || item.send_count > 1) continue;
      const { visitor: _, ...own } = item;
      put(tx, own);
    }
  }

  // src/shared/outbox/ownership.ts
  async function confirmOwner(tx, owner, isVisitor) {
    const { owner: before } = await readDevice(tx);
    if (isVisitor) await changeDevice(tx, { visitor: owner });
    else if (owner) await bindVisitor(tx, owner);
    if (owner !== before) await changeDevice(tx, { owner });
    if (owner) await adopt(tx, owner);
    return {
      changed: owner !== before,
      blocked: owner === before && owner ? [] : await blockOwner(tx, before),
      released: owner ? await release(tx, owner) : []
    };
  }
  async function blockOwner(tx, owner) {
    const items = [...await inState(tx, owner, "queued"), ...await inState(tx, owner, "sending")];
    return items.map((item) => put(tx, { ...item, state: "blocked" }));
  }
  async function release(tx, owner) {
    const items = await inState(tx, owner, "blocked");
    return items.map((item) => put(tx, { ...item, state: "queued" }));
  }
  async function adopt(tx, owner) {
    const items = await ownedBy(tx, "");
    for (const item of items) put(tx, { ...item, owner });
  }

  // src/shared/vocabulary/verdict.ts
  function judge(reply, sent, now) {
    const { status } = reply;
    const body = reply.ours ? parsed(reply) : null;
    if (status === 200 && isAnswer(body) && isComplete(body, sent)) return { kind: "answer", answer: body };
    const delay = rest(reply, now);
    if (delay !== null) return { kind: "busy", delay, ours: reply.ours };
    return isProblem(body) ? refusal(status, body) : unreachable(status);
  }
  function rest({ status, retryAfter: header }, now) {
    return status === 429 || status === 503 ? retryAfter(header, now) : null;
  }
  function isResult(value) {
    return isObject(value) && typeof value["id"] === "string" && typeof value["disposition"] === "string";
  }
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
  function refusal(status, { code, owner, limits }) {
    if (status === 401) return { kind: "blocked", isRevoked: code === "client_revoked" };
    if (status === 409 && code === "wrong_owner") return { kind: "wrong_owner", owner };
    if (status === 403 && code === "csrf_failed") return { kind: "csrf_failed" };
    return { kind: "refused", code, divisible: status === 400 || status === 413, limits };
  }
  function unreachable(status) {
    return { kind: "unreachable", code: status ? `http_${status}` : "redirected", divisible: status === 413 };
  }
  function isAnswer(body) {
    return isObject(body) && body["bgsync"] === 1 && isOwner(body["owner"]) && isResults(body["results"]) && isResults(body["settled"] ?? []);
  }
  function isResults(value) {
    return Array.isArray(value) && value.every(isResult);
  }
  function isOwner(value) {
    return value === null || typeof value === "string";
  }
  function isComplete({ results }, sent) {
    const answered = new Set(results.map(({ id }) => id));
    return sent.every((id) => answered.has(id));
  }
  function isProblem(body) {
    return isObject(body) && typeof body["code"] === "string";
  }

  // src/shared/context/config.ts
  function withinBase(config, path) {
    return new URL(path, config.base).href;
  }

  // src/shared/context/configuration.ts
  var OPTIONS = /* @__PURE__ */ new Set(["headers", "appVersion"]);
  var MAX_VERSION = 100;
  function configure(runtime, options) {
    for (const name of Object.keys(options)) {
      if (!OPTIONS.has(name)) throw new TypeError(`bgsync: configure() knows no option ${JSON.stringify(name)}`);
    }
    if (options.headers) runtime.headers = options.headers;
    if (options.appVersion !== void 0) runtime.appVersion = readVersion(options.appVersion);
  }
  function readVersion(version) {
    return version.slice(0, MAX_VERSION).replace(new RegExp("\\0|\\p{Surrogate}", "gu"), "");
  }
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

  // src/shared/context/session.ts
  var SessionCheck = class {
    /**
     * Of a page: `settle` what it wrote before it knew whose session it is. `confirmed` is told once, when it has learned it.
     */
    constructor(runtime, settle, confirmed) {
      this.runtime = runtime;
      this.settle = settle;
      this.confirmed = confirmed;
      /** The last token the server handed out, for sites whose CSRF cookie scripts cannot read. */
      this.token = null;
    }
    /** Ask the server. What it changed for the items here, null if it could not be asked. */
    async run(signal) {
      const { db, now, random } = this.runtime;
      const { owner } = await db.read(readDevice);
      const asked = now();
      const reply = await exchange(this.runtime, "v1/session/", {}, signal);
      const body = typeof reply === "string" || !reply.ours || reply.status !== 200 ? null : parsed(reply);
      if (!isSession(body)) return this.miss(reply);
      this.token = body.csrf_token;
      const isVisitor = !body.authenticated && body.owner !== null;
      const moment = { now: (asked + now()) / 2, random };
      const change = await this.confirm(body.owner, owner, (tx) => noteContact(tx, body, moment, { isRevoked: false }), isVisitor);
      this.announceReached("server");
      return change ?? this.run(signal);
    }
    /**
     * The server has named the owner, here or in the answer to a delivery. `first` happens in the same transaction. If
     * the device is no longer that of whom it was `sentFor`, this is old news, and null is returned.
     */
    async confirm(owner, sentFor, first, isVisitor = false) {
      const [told, change] = await this.runtime.db.write(async (tx) => {
        const isOld = sentFor !== (await readDevice(tx)).owner;
        const before = await first(tx);
        if (isOld) return [before, null];
        await this.settle?.(tx, owner ?? "");
        return [before, await confirmOwner(tx, owner ?? "", isVisitor)];
      });
      if (change) {
        if (!this.runtime.isConfirmed) this.confirmed?.(owner ?? "");
        this.runtime.isConfirmed = true;
      }
      this.runtime.announce(...told, ...change ? announcements(change) : []);
      return change;
    }
    /** A CSRF token, null if none is to be had. The cookie first: it follows every rotation. */
    async csrfToken(signal) {
      return await this.runtime.csrfCookie() ?? this.token ?? this.freshToken(signal);
    }
    /** The same without asking the server, for a page that is going away. */
    get knownToken() {
      return this.token;
    }
    async freshToken(signal) {
      return await this.run(signal) ? this.token : null;
    }
    async miss(reply) {
      if (reply === "aborted") return null;
      const { db, now, random } = this.runtime;
      const delay = typeof reply === "string" ? null : rest(reply, now());
      await db.write((tx) => delay === null ? backOff(tx, { now: now(), random }) : changeDevice(tx, { not_before: now() + delay }));
      this.announceReached(typeof reply === "string" ? "nobody" : reply.ours ? "server" : "stranger");
      return null;
    }
    announceReached(reached) {
      this.runtime.announce({ type: "reached", reached });
    }
  };
  function announcements({ changed, blocked, released }) {
    const told = blocked.map((item) => ({ type: "blocked", item: news(item) }));
    if (changed) told.push({ type: "owner" });
    if (changed || blocked.length || released.length) told.push({ type: "change" });
    return told;
  }
  function isSession(body) {
    return isObject(body) && body["bgsync"] === 1 && typeof body["authenticated"] === "boolean";
  }

  // src/shared/context/cause.ts
  var PATIENT = /* @__PURE__ */ new Set(["enqueue", "timer"]);
  function isEager({ trigger }) {
    return !PATIENT.has(trigger);
  }

  // src/shared/flushing/lanes.ts
  function sendable(lane, isDue) {
    const candidates2 = [];
    const open2 = lane.filter((item) => !isFinished(item));
    let after = null;
    for (const item of open2) {
      if (item.visitor?.owner !== open2[0].visitor?.owner) break;
      if (item.state === "queued" && isDue(item)) candidates2.push({ item, after });
      else if (!isHeldByServer(item)) break;
      after = item.id;
    }
    return candidates2;
  }
  function inTurn(rows2) {
    const head = (row2) => row2[0].item;
    return rows2.filter((row2) => row2.length > 0).sort((a, b) => head(a).failures - head(b).failures || head(a).seq - head(b).seq).flat();
  }
  function isFinished(item) {
    return item.state === "parked" && item.result?.code !== "dead";
  }
  function isHeldByServer(item) {
    return item.state === "accepted" || item.state === "parked";
  }

  // src/shared/flushing/batch.ts
  var ENVELOPE_BYTES = 12288;
  var WIRE_ITEM_BYTES = 768;
  var ENOUGH_FILE_BYTES = 8388608;
  async function leaseBatch(tx, selection) {
    const device = await readDevice(tx);
    const { limits } = device;
    const most = Math.min(selection.cap, limits.max_items);
    const found = ofOneSender(await candidates(tx, device, selection, most));
    const batch = cut(found.slice(0, isProbe(found, selection) ? 1 : most), limits);
    return batch.map((candidate) => lease(tx, device, candidate, selection));
  }
  function ofOneSender(found) {
    return found.filter(({ item }) => item.visitor?.owner === found[0].item.visitor?.owner);
  }
  async function reclaim(tx, everything, now) {
    const { owner } = await readDevice(tx);
    for (const item of await everyonesInState(tx, "sending")) {
      if (!everything && item.lease_until > now && item.lease_until <= now + LEASE) continue;
      put(tx, { ...item, state: item.owner === owner ? "queued" : "blocked" });
    }
  }
  async function candidates(tx, device, selection, most) {
    const isDue = (item) => !item.request && !selection.tried.has(item.id) && !isOverdue(item, device) && isPast(item.not_before, selection.now) && (selection.eager || isPast(item.next_try, selection.now));
    const isWhole = most === device.limits.max_items;
    for (let limit = isWhole ? most : 2 * most; ; limit *= 4) {
      const queued = await inState(tx, selection.owner, "queued", limit);
      const found = inTurn(await rows(tx, queued, isDue, most));
      const isEnough = found.length >= most && (limit > most || !found.some(({ item }) => item.failures));
      if (isEnough || queued.length < limit) return found;
    }
  }
  async function rows(tx, queued, isDue, most) {
    const free = queued.filter((item) => !item.lane && isDue(item)).map((item) => [{ item, after: null }]);
    const lanes = new Map(queued.filter((item) => item.lane).map(({ owner, lane }) => [lane, owner]));
    const ordered = [...lanes].map(([lane, owner]) => row(tx, [owner, lane], isDue, most));
    return [...free, ...await Promise.all(ordered)];
  }
  async function row(tx, lane, isDue, most) {
    for (let limit = 2 * most; ; limit *= 4) {
      const items = await promised(tx.objectStore("items").index("owner_lane").getAll(lane, limit));
      const found = sendable(items, isDue);
      const last = items.at(-1);
      const hasStopped = last?.state === "queued" && found.at(-1)?.item !== last;
      if (items.length < limit || found.length >= most || hasStopped) return found;
    }
  }
  function isProbe(found, { proven }) {
    return !proven && (found[0]?.item.failures ?? 0) >= 2;
  }
  function cut(found, limits) {
    let room = limits.max_bytes - ENVELOPE_BYTES;
    let files = limits.max_files;
    let fileRoom = Math.min(limits.max_delivery_file_bytes, ENOUGH_FILE_BYTES);
    const fitting = found.findIndex(({ item }) => {
      room -= item.bytes + WIRE_ITEM_BYTES;
      files -= item.files?.length ?? 0;
      fileRoom -= fileBytes(item.files);
      return Math.min(room, files, fileRoom) < 0;
    });
    return fitting === -1 ? found : found.slice(0, Math.max(1, fitting));
  }
  function lease(tx, { clock }, { item, after }, { by, leaseUntil }) {
    const leased = put(tx, {
      ...item,
      state: "sending",
      send_count: item.send_count + 1,
      uncertain: true,
      lease_by: by,
      lease_until: leaseUntil
    });
    return { item: leased, wire: wireItem(leased, after, clock) };
  }
  function wireItem(item, after, clock) {
    return {
      id: item.id,
      tag: item.tag,
      lane: item.lane ?? "",
      after,
      seq: item.seq,
      created_at: new Date(item.created_at + (item.clock ?? clock) - clock).toISOString(),
      send_count: item.send_count,
      retry: item.retry,
      payload: item.payload
    };
  }

  // src/shared/flushing/delivery.ts
  var UNKNOWN = {
    worker: "none",
    sync: "unsupported",
    periodicSync: "unsupported",
    notifications: "unsupported",
    persisted: false,
    locks: false,
    embedded: false
  };
  var SLOWEST = 16;
  var LOOKED_AT = 1e3;
  var ROWLESS = /* @__PURE__ */ new Set(["expired", "id_too_old", "invalid_item", "too_large", "unstorable_payload"]);
  async function awaited(tx, owner, turn, overdue, first) {
    const accepted = await inState(tx, owner, "accepted", LOOKED_AT);
    const parked = (await inState(tx, owner, "parked", LOOKED_AT)).filter(({ result }) => !ROWLESS.has(result?.code ?? ""));
    const all = [...overdue, ...accepted, ...parked].filter(({ request }) => !request);
    const sender = (first ?? all[turn % all.length])?.visitor?.owner;
    const items = all.filter(({ visitor }) => visitor?.owner === sender);
    const start = items.length > MAX_AWAITING ? turn * MAX_AWAITING % items.length : 0;
    return [...items.slice(start), ...items.slice(0, start)].slice(0, MAX_AWAITING);
  }
  async function writeEnvelope(tx, { context, version, appVersion, now }, cause, items, awaiting, visitor) {
    const { client, owner, app_version, worker_version, capabilities } = await readDevice(tx);
    const outbox = await reportOutbox(tx, owner);
    return {
      protocol: PROTOCOL,
      owner: visitor?.owner ?? owner,
      client: {
        id: visitor?.client ?? client,
        app_version: appVersion || app_version,
        worker_version: version || worker_version,
        capabilities: { ...UNKNOWN, ...capabilities },
        outbox
      },
      trigger: cause.trigger,
      sync_tag: cause.syncTag ?? "",
      last_chance: cause.lastChance ?? false,
      context,
      sent_at: new Date(now()).toISOString(),
      items,
      awaiting
    };
  }
  async function deliver(runtime, session, envelope, attached, signal) {
    const verdict = await post(runtime, envelope, attached, await session.csrfToken(signal), signal);
    if (verdict.kind !== "csrf_failed") return verdict;
    return post(runtime, envelope, attached, await session.freshToken(signal), signal);
  }
  async function post(runtime, envelope, attached, token, signal) {
    const headers = { [CLIENT]: envelope.client.id, ...!attached.length && { "Content-Type": "application/json" }, ...token && { [runtime.config.csrfHeader]: token } };
    const body = attached.length ? writeForm(envelope, attached) : JSON.stringify(envelope);
    const bytes = attached.reduce((sum, [, content]) => sum + content.size, 0);
    const reply = await exchange(runtime, "v1/deliveries/", { method: "POST", headers, body }, signal, bytes / SLOWEST);
    if (reply === "timeout") return { kind: "unreachable", code: reply, divisible: bytes > 0 };
    if (typeof reply === "string") return { kind: reply };
    return judge(reply, envelope.items.map(({ id }) => id), runtime.now());
  }

  // src/shared/flushing/pace.ts
  var Pace = class {
    constructor() {
      /** Items this flush is done with. */
      this.tried = /* @__PURE__ */ new Set();
      this.cap = Infinity;
      /** The server has answered since the last failure. */
      this.proven = false;
      this.hasSkipped = false;
    }
    /**
     * Whether the next delivery may leave before this one has been answered. Not in search of an item: what passes beside it
     * says nothing of it, and would have the halves grow again.
     */
    get overlaps() {
      return this.proven && this.cap === Infinity;
    }
    succeed(sent) {
      for (const id of sent) this.tried.add(id);
      this.cap *= 2;
      this.proven = true;
    }
    /** `divisible`: the failure may well concern a single item of the delivery, even if nothing else got through yet. */
    fail(sent, divisible) {
      if (sent.length > 1 && (divisible || this.proven)) {
        this.cap = Math.ceil(sent.length / 2);
        return "divide";
      }
      const goesOn = sent.length === 1 && (this.proven || divisible && !this.hasSkipped);
      for (const id of sent) this.tried.add(id);
      this.cap = Infinity;
      this.proven = false;
      this.hasSkipped = true;
      return goesOn ? "skip" : "stop";
    }
  };

  // src/shared/flushing/flush.ts
  var SENDING_ONLY = /* @__PURE__ */ new Set(["enqueue", "sync"]);
  var Flush = class {
    constructor(runtime, session, lock, cause, turn) {
      this.runtime = runtime;
      this.session = session;
      this.lock = lock;
      this.cause = cause;
      this.turn = turn;
      this.pace = new Pace();
      this.hasAsked = false;
      this.hasProbed = false;
      this.hasResults = false;
      this.hasChangedOwner = false;
      /** Nobody can be reached: what has been given back is not to be taken again. */
      this.isOver = false;
    }
    async run() {
      const { db, now } = this.runtime;
      await db.write((tx) => reclaim(tx, this.lock.isExclusive, now()));
      const ending = await this.sendAll();
      await startAging(db, this.runtime.config.maxAge);
      if (this.hasResults) await db.write((tx) => pruneResults(tx, now()));
      return ending;
    }
    /** Captured requests come last: each takes a request of its own. */
    async sendAll() {
      const ending = await this.drain();
      const { replay } = this.runtime;
      return replay && ending === "drained" ? replay(this.session, this.lock, this.cause) : ending;
    }
    async drain() {
      let earlier = null;
      for (; ; ) {
        const next = await this.next();
        if (typeof next === "string" && !earlier) return next;
        const sending = typeof next === "string" ? null : this.send(next);
        sending?.catch(() => void 0);
        const ending = await earlier ?? (this.pace.overlaps ? null : await sending);
        if (ending) {
          await sending;
          return ending;
        }
        earlier = sending;
      }
    }
    async next() {
      if (this.cause.signal?.aborted) return "aborted";
      if (!await this.lock.renew()) return "postponed";
      const next = await this.runtime.db.write(async (tx) => {
        const device = await readDevice(tx);
        return this.obstacle(device) ?? this.prepare(tx, device.owner);
      });
      return typeof next === "function" ? next() : next;
    }
    /** Why nothing is sent now, or what has to be done before. */
    obstacle(device) {
      const now = this.runtime.now();
      if (device.isRevoked) return () => this.block(device.owner, []);
      if (this.isOver || !isPast(device.not_before, now)) return "postponed";
      if (this.cause.trigger === "timer" && !isPast(device.next_try, now)) return "postponed";
      if (!device.owner) return async () => await this.findOwner() ?? this.next();
      const isDoubtful = isCutOff(device) || isLongAgo(device, now);
      return !this.hasProbed && isDoubtful ? async () => await this.probe(device) ?? this.next() : null;
    }
    async send(prepared) {
      this.runtime.announce({ type: "change" });
      const { envelope, attached } = prepared;
      return this.settle(prepared, await deliver(this.runtime, this.session, envelope, attached, this.cause.signal));
    }
    /** Without a confirmed owner nothing is sent: ask whose session it is, if there is anything to send. */
    async findOwner() {
      const waiting = await this.runtime.db.read((tx) => inState(tx, "", "queued", 1));
      if (!waiting.length) return "drained";
      if (!await this.session.run(this.cause.signal)) return "failed";
      return (await this.runtime.db.read(readDevice)).owner ? null : "blocked";
    }
    /** Before items leave: whatever is never sent can still be discarded, and replaced by what is written next. */
    async probe({ failures }) {
      this.hasProbed = true;
      if (!await this.session.run(this.cause.signal)) return this.end("failed");
      await this.runtime.db.write((tx) => changeDevice(tx, { failures }));
      return null;
    }
    async prepare(tx, owner) {
      const now = this.runtime.now();
      const { cap, proven, tried } = this.pace;
      const eager = isEager(this.cause);
      const by = this.runtime.instance;
      const batch = await leaseBatch(tx, { owner, now, eager, tried, cap, proven, by, leaseUntil: now + LEASE });
      const overdue = (await overdueItems(tx, await readDevice(tx))).filter((item) => item.owner === owner && !item.request);
      const asks = !this.hasAsked && (batch.length + overdue.length > 0 || this.cause.asks || !SENDING_ONLY.has(this.cause.trigger));
      const asked = asks ? await awaited(tx, owner, this.turn, overdue, batch[0]?.item) : [];
      const first = batch[0]?.item ?? asked[0];
      if (!first) return "drained";
      const items = batch.map(({ wire }) => wire);
      const ids = asked.map(({ id }) => id);
      const envelope = await writeEnvelope(tx, this.runtime, this.cause, items, ids, first.visitor);
      return { owner, batch, envelope, attached: await attachments(tx, batch.map(({ item }) => item)) };
    }
    async settle({ owner, batch }, verdict) {
      const items = batch.map(({ item }) => item);
      switch (verdict.kind) {
        case "answer":
          return this.accept(verdict.answer, owner, items);
        case "blocked":
          return this.block(owner, items, verdict.isRevoked);
        case "wrong_owner":
          return this.changeOwner(owner, verdict.owner, items);
        case "busy":
          return this.postpone(verdict.delay, verdict.ours ? "server" : "stranger", items);
        case "offline":
          await this.runtime.db.write(async (tx) => {
            await giveBack(tx, items);
            await this.backOff(tx);
          });
          return this.end("failed", "nobody");
        case "aborted":
          await this.runtime.db.write((tx) => giveBack(tx, items));
          return this.end("aborted");
        default:
          return this.endure(items, verdict);
      }
    }
    async accept(answer, owner, items) {
      const { moment } = this;
      await this.runtime.keepPages?.(owner, [...answer.results, ...answer.settled ?? []]);
      const apply2 = async (tx) => {
        const { not_before } = await readDevice(tx);
        const wait = isPast(not_before, moment.now) ? 0 : not_before;
        const expired = await noteContact(tx, answer, moment, { not_before: wait });
        const sent = await applyResults(tx, items, answer.results, moment);
        return [...expired, ...sent, ...await applyNews(tx, answer.settled ?? [], moment)];
      };
      await this.session.confirm(answer.owner, owner, apply2);
      this.pace.succeed(items.map(({ id }) => id));
      this.hasAsked = true;
      this.hasResults = true;
      this.runtime.announce({ type: "reached", reached: "server" }, { type: "change" });
      return null;
    }
    async block(owner, items, isRevoked) {
      const blocked = await this.runtime.db.write(async (tx) => {
        await giveBack(tx, items);
        if (isRevoked) await changeDevice(tx, { isRevoked });
        return blockOwner(tx, owner);
      });
      this.runtime.announce(...blocked.map((item) => ({ type: "blocked", item: news(item) })));
      if (this.runtime.context === "worker") this.runtime.announce({ type: "denied" });
      return this.end("blocked", "server");
    }
    async changeOwner(from, to, items) {
      if (this.hasChangedOwner || to === from) {
        const ending = await this.endure(items, { kind: "wrong_owner" });
        await this.runtime.db.write((tx) => disown(tx, items));
        return ending;
      }
      this.hasChangedOwner = true;
      await this.runtime.db.write((tx) => giveBack(tx, items));
      const change = await this.session.run(this.cause.signal);
      this.runtime.announce({ type: "change" });
      return change ? null : "failed";
    }
    async postpone(delay, reached, items) {
      await this.runtime.db.write(async (tx) => {
        await giveBack(tx, items);
        await changeDevice(tx, { not_before: this.runtime.now() + delay });
      });
      return this.end("postponed", reached);
    }
    /** An answer that is no verdict: these items wait, and the others are only tried if the server can be trusted to be there. */
    async endure(items, failure) {
      const course = this.pace.fail(items.map(({ id }) => id), failure.divisible ?? false);
      const told = await this.runtime.db.write(async (tx) => {
        if (course === "divide") await giveBack(tx, items);
        else await countFailure(tx, items, failure.code ?? failure.kind, this.moment);
        if (course === "stop") await this.backOff(tx);
        if (!failure.limits) return [];
        const limits = { ...(await readDevice(tx)).limits, ...failure.limits };
        await changeDevice(tx, { limits });
        return parkTooLarge(tx, items, limits, this.moment);
      });
      this.runtime.announce(...told);
      return course === "stop" ? this.end("failed", failure.kind === "unreachable" ? "stranger" : "server") : null;
    }
    backOff(tx) {
      this.isOver = true;
      return backOff(tx, this.moment);
    }
    get moment() {
      return { now: this.runtime.now(), random: this.runtime.random };
    }
    end(ending, reached) {
      if (reached) this.runtime.announce({ type: "reached", reached });
      this.runtime.announce({ type: "change" });
      return ending;
    }
  };

  // src/shared/flushing/flusher.ts
  var Flusher = class {
    constructor(runtime, session, lock) {
      this.runtime = runtime;
      this.session = session;
      this.lock = lock;
      this.flushes = 0;
    }
    /** Wait for the lock, for as long as the cause's signal allows, then flush. */
    async insist(cause) {
      return await this.lock.wait(() => this.drain(cause), cause.signal) ?? "aborted";
    }
    /** Flush, and once more whenever somebody has wanted it meanwhile. Its caller holds the lock. */
    async drain(cause) {
      let next = cause;
      for (; ; ) {
        await this.mark(null);
        const ending = await new Flush(this.runtime, this.session, this.lock, next, this.flushes++).run();
        const trigger = await this.marked();
        if (!trigger || ending !== "drained") return ending;
        if (!cause.signal) next = { trigger };
      }
    }
    /** Why somebody has wanted a flush since the last one began. */
    async marked() {
      return (await this.runtime.db.read(readDevice)).dirty;
    }
    /** Have whoever flushes do it once more. */
    async mark(dirty) {
      await this.runtime.db.write(async (tx) => {
        if ((await readDevice(tx)).dirty !== dirty) await changeDevice(tx, { dirty });
      });
    }
  };

  // src/shared/rows/schema.ts
  var DATABASE = "django-bgsync";
  var VERSION = 6;
  var LAYOUT = {
    items: [{ keyPath: "seq", autoIncrement: true }, {
      id: ["id", { unique: true }],
      aliases: ["aliases", { multiEntry: true }],
      state_owner: [["state", "owner"]],
      owner_lane: [["owner", "lane"]],
      provisional: ["provisional"],
      expires_at: ["expires_at"],
      coalesced: [["owner", "tag", "coalesce_key"]]
    }],
    results: [{ keyPath: "id" }, { settled_at: ["settled_at"] }],
    meta: [],
    files: [{ keyPath: ["seq", "name"] }],
    // Not in a database of their own: whose they are, and that a sign-out takes them along, is one transaction.
    feeds: [{ keyPath: ["owner", "name"] }],
    feed_items: [{ keyPath: ["owner", "name", "generation", "position"] }, { id: [["owner", "name", "generation", "id"]] }]
  };
  var STORES = /* @__PURE__ */ Object.keys(LAYOUT);
  async function openHandle(lost, asked) {
    const handle = await open(VERSION, asked).catch((error) => {
      if (error instanceof DOMException && error.name === "VersionError") return open();
      throw error;
    });
    handle.onclose = lost;
    handle.onversionchange = () => {
      handle.close();
      lost();
    };
    return handle;
  }
  function open(version, asked) {
    const opening = indexedDB.open(DATABASE, version);
    asked?.(opening);
    opening.onupgradeneeded = () => upgrade(opening.result, opening.transaction);
    return promised(opening);
  }
  function upgrade(db, tx) {
    const isNew = !db.objectStoreNames.length;
    for (const [name, [options, indexes = {}]] of Object.entries(LAYOUT)) {
      const store = db.objectStoreNames.contains(name) ? tx.objectStore(name) : db.createObjectStore(name, options);
      for (const [index, [path, more]] of Object.entries(indexes)) {
        if (!store.indexNames.contains(index)) store.createIndex(index, path, more);
      }
    }
    if (isNew) tx.objectStore("meta").put({ ...INITIAL_DEVICE, client: uuid4() }, "device");
  }

  // src/shared/rows/database.ts
  var Database = class {
    /** `translated`: what its callers are to catch. */
    constructor(translated = (error) => error) {
      this.translated = translated;
      this.handle = null;
    }
    read(work) {
      return this.use((handle) => work(this.begin(handle, "readonly")));
    }
    /** Resolves when the transaction is complete and, where the browser can, on disk. */
    write(work) {
      return this.use((handle) => commit(this.begin(handle, "readwrite"), work));
    }
    begin(handle, mode) {
      return handle.transaction(STORES, mode, { durability: "strict" });
    }
    open() {
      return openHandle(() => this.handle = null, this.watch);
    }
    async use(work, isLast = false) {
      const handle = this.handle ??= this.open();
      try {
        return await work(await handle);
      } catch (error) {
        if (this.handle === handle) this.handle = null;
        if (isLast || !(error instanceof DOMException)) throw this.translated(error);
      }
      return this.use(work, true);
    }
  };
  async function commit(tx, work) {
    const done = new Promise((resolve, reject) => {
      tx.oncomplete = resolve;
      tx.onabort = () => reject(tx.error ?? new DOMException("", "AbortError"));
    });
    done.catch(() => void 0);
    try {
      const value = await work(tx);
      ended(() => tx.commit());
      await done;
      return value;
    } catch (error) {
      const cause = tx.error ?? error;
      ended(() => tx.abort());
      throw cause;
    }
  }
  function ended(end) {
    try {
      end();
    } catch {
    }
  }

  // src/shared/vocabulary/synctags.ts
  var PREFIX = "bgsync:";
  function itemTag(browserTag) {
    return browserTag.startsWith(PREFIX) ? browserTag.slice(PREFIX.length).replace(/#\d+$/, "") : null;
  }

  // src/worker/project.ts
  var Project = class {
    constructor(runtime) {
      this.syncHandlers = /* @__PURE__ */ new Map();
      this.periodicSyncHandlers = /* @__PURE__ */ new Map();
      /** Whether a new worker leaves the pages that are open to the one before it. */
      this.waits = false;
      this.api = {
        configure: ({ skipWaiting, ...options }) => {
          configure(runtime, options);
          if (skipWaiting !== void 0) this.waits = !skipWaiting;
        },
        onSync: (tag, handler) => void this.syncHandlers.set(tag, handler),
        onPeriodicSync: (tag, handler) => void this.periodicSyncHandlers.set(tag, handler)
      };
    }
  };

  // src/worker/sync-events.ts
  var BUDGET = 15e4;
  var SyncEvents = class {
    constructor(runtime, flusher) {
      this.runtime = runtime;
      this.flusher = flusher;
    }
    /** Resolves when nothing of the tag is left to send. Rejects to be called again: the browser then tries later. */
    async handle({ tag, lastChance }) {
      const name = itemTag(tag);
      if (name === null) return;
      const cause = { trigger: "sync", syncTag: tag, lastChance, signal: expiry(BUDGET) };
      const ending = await this.isWaiting(name) ? await this.flusher.insist(cause) : "drained";
      const left = await this.isWaiting(name) || (await this.runtime.linger?.(name, cause) ?? false);
      await this.remember(tag, left && !lastChance);
      if (left) throw new Error(`django-bgsync: items of ${tag} are left (${ending})`);
    }
    /** The page asks to have the flush finished even if it goes away. */
    async flush() {
      await this.flusher.insist({ trigger: "message", signal: expiry(BUDGET) });
    }
    isWaiting(tag) {
      return this.runtime.db.read(async (tx) => {
        const items = [...await everyonesInState(tx, "queued"), ...await everyonesInState(tx, "sending")];
        return items.some((item) => item.tag === tag);
      });
    }
    async remember(tag, hasFailed) {
      await this.runtime.db.write(async (tx) => {
        const { failed_tags } = await readDevice(tx);
        if (!hasFailed && !failed_tags.includes(tag)) return;
        const others = failed_tags.filter((other) => other !== tag);
        await changeDevice(tx, hasFailed ? { failed_tags: [...others, tag], failed_at: this.runtime.now() } : { failed_tags: others });
      });
    }
  };

  // src/worker/start.ts
  function startWorker(self2, config) {
    const listeners = /* @__PURE__ */ new Set();
    const announcer = new Announcer((announcement) => listeners.forEach((listener) => listener(announcement)));
    const runtime = {
      config: Object.assign(config, { base: new URL(config.base, self2.location.origin).href }),
      context: "worker",
      instance: uuid4(),
      version: config.version,
      appVersion: "",
      db: new Database(),
      locks: self2.navigator.locks,
      fetch: (url, init) => self2.fetch(url, init),
      csrfCookie: async () => (await self2.cookieStore?.get(config.csrfCookie))?.value ?? null,
      announce: (...announcements2) => announcer.announce(...announcements2),
      now: () => Date.now(),
      random: () => Math.random(),
      isConfirmed: false,
      timeout: 6e4
    };
    const session = new SessionCheck(runtime);
    const flusher = new Flusher(runtime, session, webLock(self2.navigator.locks));
    const events = new SyncEvents(runtime, flusher);
    const project = new Project(runtime);
    const listen = (listener) => void listeners.add(listener);
    announcer.open();
    for (const start of config.parts ?? []) start({ scope: self2, runtime, session, flusher, project, listen }, config);
    self2.addEventListener("sync", (event) => {
      const handler = project.syncHandlers.get(event.tag);
      if (handler) event.waitUntil(Promise.resolve(handler(event)));
      else if (itemTag(event.tag) !== null) event.waitUntil(events.handle(event));
    });
    self2.addEventListener("periodicsync", (event) => {
      const handler = project.periodicSyncHandlers.get(event.tag);
      if (handler) event.waitUntil(Promise.resolve(handler(event)));
    });
    self2.addEventListener("message", (event) => {
      if (!isWorkerMessage(event.data)) return;
      const { type } = event.data;
      if (type === "flush") event.waitUntil(events.flush());
      if (type === "update") void self2.skipWaiting();
      const reply = { bgsync: 1, version: config.version, waits: project.waits };
      if (type === "hello") event.ports[0]?.postMessage(reply);
    });
    if (config.lifecycle) {
      self2.addEventListener("install", (event) => {
        if (!project.waits) event.waitUntil(self2.skipWaiting());
      });
      self2.addEventListener("activate", (event) => event.waitUntil(activate()));
    }
    async function activate() {
      await self2.clients.claim();
      void runtime.db.write((tx) => changeDevice(tx, { worker_version: config.version })).catch(() => void 0);
    }
    return project.api;
  }

  // src/worker/index.ts
  self.bgsync ??= startWorker(self, self.__bgsync);
})();
