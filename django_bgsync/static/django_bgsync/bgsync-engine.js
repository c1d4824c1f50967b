/*! django-bgsync: generated from client/src, do not edit. sha256 ef42b50d6c2fa3112d832e551f78fd166e6155efa1849ebf2a34d3fd20c64df8 */
// src/page/worker-search.ts
var ACTIVATION = 1e4;
async function activated(registration) {
  const coming = registration.installing ?? registration.waiting;
  if (!registration.active && coming) await activation(coming);
  return registration;
}
function isEmbedded() {
  try {
    return window.top.origin !== location.origin;
  } catch {
    return true;
  }
}
function activation(worker) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ACTIVATION);
    worker.addEventListener("statechange", () => {
      if (worker.state !== "activated" && worker.state !== "redundant") return;
      clearTimeout(timer);
      resolve();
    });
  });
}

// src/shared/context/attempts.ts
async function attempt(work) {
  try {
    await work();
  } catch (error) {
    console.warn("django-bgsync:", error);
  }
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
function askDelay(asked) {
  return Math.min(6e4, 1e3 * 2 ** asked);
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
var FINAL = /* @__PURE__ */ new Set(["payload_mismatch", "discarded"]);
function isRetryable({ state, request, result }) {
  return state === "parked" && (Boolean(request) || !FINAL.has(result?.code ?? ""));
}
function mayBeHeld({ uncertain, state }) {
  return uncertain || state === "accepted";
}
async function find(tx, id) {
  const items = tx.objectStore("items");
  return await promised(items.index("id").get(id)) ?? promised(items.index("aliases").get(id));
}
async function findOwn(tx, id) {
  const item = await find(tx, id);
  return item?.owner === (await readDevice(tx)).owner ? item : void 0;
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
  for (let start2 = 0, end = 1; start2 < seqs.length; start2 = end++) {
    while (seqs[end] === seqs[start2] + end - start2) end += 1;
    tx.objectStore("items").delete(IDBKeyRange.bound(seqs[start2], seqs[end - 1]));
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
  const { id, aliases, tag, lane = "", notify: notify2 } = item;
  return { id, aliases, tag, lane, ...notify2 && { notify: notify2 } };
}
function ended(item, status) {
  return { type: "settled", item: news(item), result: { id: item.id, status } };
}

// src/shared/outbox/settlement.ts
async function applyResults(tx, sent, results, moment) {
  return apply(tx, await findAgain(tx, sent), results, (item, result, gone2) => applyResult(tx, item, result, moment, gone2));
}
async function applyNews(tx, settled, moment) {
  const device = await readDevice(tx);
  return apply(tx, /* @__PURE__ */ new Map(), settled, (item, result, gone2) => {
    const isUnknown = result.code === "unknown_item";
    if (isUnknown && isOverdue(item, device)) return applyResult(tx, item, verdictHere(item.id, "expired"), moment, gone2);
    if (isUnknown && item.state === "accepted") put(tx, { ...item, ...DUE });
    else if (isNews(item, result, device)) return applyResult(tx, item, result, moment, gone2);
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
  const gone2 = [];
  const once = new Map(results.map((result) => [result.id, result]));
  const told = await Promise.all([...once.values()].map(async (result) => {
    const item = found.get(result.id) ?? await find(tx, result.id);
    return item ? one(item, result, gone2) : [];
  }));
  remove(tx, ...gone2);
  return told.flat();
}
function isNews(item, result, device) {
  if (result.disposition === "retry") return false;
  if (isOverdue(item, device)) return true;
  const known2 = item.result;
  const same = known2?.status === result.status && known2.code === result.code;
  return (item.state === "accepted" || item.state === "parked") && !same;
}
async function applyResult(tx, item, result, moment, gone2) {
  switch (result.disposition) {
    case "done":
      gone2.push(item);
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
async function settleProvisional(tx, owner, page) {
  const items = await promised(tx.objectStore("items").index("provisional").getAll(page));
  const { visitor } = await readDevice(tx);
  for (const { provisional: _, ...item } of items) {
    const isOpen = item.state !== "accepted" && item.state !== "parked";
    put(tx, owner && isOpen && !(visitor && item.owner === visitor) ? { ...item, owner } : item);
  }
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

// src/shared/flushing/lanes.ts
function sendable(lane, isDue) {
  const candidates2 = [];
  const open = lane.filter((item) => !isFinished(item));
  let after = null;
  for (const item of open) {
    if (item.visitor?.owner !== open[0].visitor?.owner) break;
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
async function heads(tx, queued) {
  return (await rows(tx, queued, () => true, 1)).flatMap(([first]) => first?.item ?? []);
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
  const start2 = items.length > MAX_AWAITING ? turn * MAX_AWAITING % items.length : 0;
  return [...items.slice(start2), ...items.slice(0, start2)].slice(0, MAX_AWAITING);
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

// src/shared/pages/caches.ts
var PREFIX = "bgsync:pages:";
async function forgetPages(owner) {
  await storage()?.delete(PREFIX + owner);
}
function storage() {
  return globalThis.caches;
}

// src/shared/pages/result-pages.ts
function pagesOf(results) {
  return results.flatMap(({ result }) => {
    const paths = isObject(result) ? result["cache"] : null;
    return Array.isArray(paths) ? paths.filter((path) => typeof path === "string") : [];
  });
}

// src/shared/rows/captured.ts
var LANE = "http:";
async function hasCaptured(tx, owner) {
  return await promised(tx.objectStore("items").index("owner_lane").count(lanesOf(owner))) > 0;
}
function lanesOf(owner) {
  return IDBKeyRange.bound([owner, LANE], [owner, `${LANE}￿`]);
}

// src/shared/vocabulary/synctags.ts
var PREFIX2 = "bgsync:";
var MOST = 3;
var PAUSE = 6e4;
function nextBrowserTag(tag, failed, mayFollow = true) {
  const tags = Array.from({ length: MOST }, (_, i) => PREFIX2 + tag + (i ? `#${i + 1}` : ""));
  const next = tags.find((candidate) => !failed.includes(candidate)) ?? null;
  return mayFollow || next === tags[0] ? next : null;
}

// src/page-parts/engine/arming.ts
var LOOKED_AT2 = 500;
var Arming = class {
  constructor(runtime, registration) {
    this.runtime = runtime;
    this.registration = registration;
  }
  /** For what is left from before. */
  async rearm() {
    const queued = await this.runtime.db.read(async (tx) => inState(tx, (await readDevice(tx)).owner, "queued", LOOKED_AT2));
    if (queued.length) await this.arm(new Set(queued.map(({ tag }) => tag)));
  }
  async arm(tags) {
    const sync = await this.registration.sync();
    if (!sync) return;
    const failed = await this.failedTags(sync);
    const { failed_at } = await this.runtime.db.read(readDevice);
    const mayFollow = !navigator.onLine || isPast(failed_at + PAUSE, this.runtime.now());
    for (const tag of tags) {
      const browserTag = nextBrowserTag(tag, failed, mayFollow);
      if (browserTag) await this.registration.register(sync, browserTag);
    }
  }
  /** Those of our tags that wait after a failed event; what the browser has forgotten is free again. */
  async failedTags(sync) {
    const { failed_tags } = await this.runtime.db.read(readDevice);
    if (!failed_tags.length) return [];
    const pending = await sync.getTags();
    const waiting = failed_tags.filter((tag) => pending.includes(tag));
    if (waiting.length < failed_tags.length) {
      await this.runtime.db.write((tx) => changeDevice(tx, { failed_tags: waiting }));
    }
    return waiting;
  }
};

// src/shared/vocabulary/errors.ts
var BgsyncError = class extends Error {
  constructor(code, message, options) {
    super(message, options);
    this.code = code;
    this.name = `${code.replace(/(?:^|_)./g, (start2) => start2.slice(-1).toUpperCase())}Error`;
  }
};
var AlreadySentError = class extends BgsyncError {
  constructor(id) {
    super("already_sent", `Item ${id} may have reached the server.`);
  }
};
var NotRetryableError = class extends BgsyncError {
  constructor(id) {
    super("not_retryable", `Item ${id} cannot be tried again: only parked items can, and not every one of them.`);
  }
};

// src/page-parts/engine/choices.ts
var COPIED = /* @__PURE__ */ new Set(["expired", "id_too_old"]);
function retry({ db, now }, id) {
  return db.write(async (tx) => {
    const item = await findOwn(tx, id);
    if (!item || !isRetryable(item)) throw new NotRetryableError(id);
    if (item.request) return put(tx, afresh(await copyItem(tx, item, now())));
    if (COPIED.has(item.result?.code ?? "")) return put(tx, await copyItem(tx, item, now()));
    return put(tx, { ...item, ...DUE, retry: item.retry + 1 });
  });
}
async function discard({ db, now, announce }, id) {
  const item = await db.write(async (tx) => {
    const found = await findOwn(tx, id);
    if (found && mayBeHeld(found)) throw new AlreadySentError(id);
    if (found) await forget(tx, [found], now());
    return found;
  });
  if (item) announce(ended(item, "discarded"), { type: "change" });
}
function afresh({ request: { key: _, ...request } = {}, ...item }) {
  return { ...item, request };
}
async function clear({ db, now, announce }, everything) {
  const items = await db.write(async (tx) => {
    const { owner } = await readDevice(tx);
    const found = everything ? await ownedBy(tx, owner) : await inState(tx, owner, "parked");
    await forget(tx, found, now());
    return found;
  });
  announce(...items.filter((item) => !mayBeHeld(item)).map((item) => ended(item, "discarded")));
  if (items.some(mayBeHeld)) announce({ type: "owner" });
  announce({ type: "change" });
  return items.length;
}
async function forget(tx, items, now) {
  remove(tx, ...items);
  for (const item of items) if (!mayBeHeld(item)) keepResult(tx, item, { id: item.id, status: "discarded" }, now);
  await pruneResults(tx, now);
}

// src/page/item.ts
function view(item) {
  const { id, tag, lane = "", seq, state, payload, files = [], result } = item;
  const createdAt = new Date(item.created_at).toISOString();
  return { id, tag, lane, seq, state, payload, files, createdAt, sendCount: item.send_count, result };
}

// src/page-parts/engine/export.ts
async function exported({ db, now }, outbox) {
  const items = (await outbox.list()).map(async (item) => {
    const files = item.files ? await db.read((tx) => readFiles(tx, item)) : [];
    return { ...view(item), files: files.map(written) };
  });
  return { bgsync: 1, exportedAt: new Date(now()).toISOString(), items: await Promise.all(items) };
}
function written({ name, filename, type, size, content }) {
  let binary = "";
  for (const byte of new Uint8Array(content)) binary += String.fromCharCode(byte);
  return { name, filename, type, size, content: btoa(binary) };
}

// src/page-parts/engine/inquiry.ts
var Inquiry = class {
  constructor(runtime) {
    this.runtime = runtime;
    this.asking = /* @__PURE__ */ new Map();
  }
  /** Null if nobody waits for it any more. However often it is called, an item is asked for by one series of questions. */
  resultOf(id, isAwaited) {
    const known2 = this.asking.get(id);
    if (known2) return known2;
    const result = ask(this.runtime, id, isAwaited).finally(() => this.asking.delete(id));
    this.asking.set(id, result);
    return result;
  }
};
async function ask(runtime, id, isAwaited) {
  for (let asked = 0; isAwaited(); asked += 1) {
    const result = await fetchResult(runtime, id);
    if (result === "unknown") return verdictHere(id, "unknown_item");
    if (result?.disposition === "done" || result?.disposition === "park") return result;
    await new Promise((resume) => setTimeout(resume, askDelay(asked)));
  }
  return null;
}
async function fetchResult(runtime, id) {
  const { owner } = await runtime.db.read(readDevice);
  const headers = owner ? { "BGSync-Owner": owner } : {};
  const reply = await exchange(runtime, `v1/items/?id=${encodeURIComponent(id)}`, { headers });
  if (typeof reply === "string" || !reply.ours || reply.status !== 200) return void 0;
  const body = parsed(reply);
  const results = isObject(body) && Array.isArray(body["results"]) ? body["results"].filter(isResult) : void 0;
  return results && (results.find((result) => result.id === id) ?? "unknown");
}

// src/page-parts/engine/last-flush.ts
var MOST_BYTES = 6e4;
var LATER = 500;
var LastFlush = class {
  constructor(runtime, session, unsent) {
    this.runtime = runtime;
    this.session = session;
    this.unsent = unsent;
    this.head = null;
    this.notBefore = 0;
    this.clock = 0;
    this.isStale = false;
    this.preparing = null;
    this.prepare();
  }
  hear({ type }) {
    if (type === "owner") this.head = null;
    if (type === "queued") this.prepare();
    if (type === "reached") this.later ??= setTimeout(() => this.prepare(), LATER);
  }
  /** Must reach `fetch` before it first waits for anything. */
  run(token) {
    if (!this.head?.owner || !isPast(this.notBefore, this.runtime.now())) return;
    const items = this.fitting();
    if (!items.length) return;
    const wire = items.map((item) => wireItem({ ...item, send_count: item.send_count + 1 }, null, this.clock));
    const envelope = { ...this.head, sent_at: new Date(this.runtime.now()).toISOString(), items: wire };
    const sending = this.send(envelope, token, true);
    void this.mark(items).catch(() => void 0);
    sending.catch(() => this.send(envelope, token, false)).catch(() => void 0);
  }
  /** Once for all that is written while it is being read. Where it cannot be read there is no last flush. */
  prepare() {
    clearTimeout(this.later);
    this.later = void 0;
    this.isStale = true;
    this.preparing ??= this.read().catch(() => void 0).finally(() => this.preparing = null);
  }
  async read() {
    while (this.isStale && this.unsent.items.length) {
      this.isStale = false;
      await this.runtime.db.read(async (tx) => {
        const device = await readDevice(tx);
        const isMute = device.isRevoked || isCutOff(device);
        this.head = isMute ? null : await writeEnvelope(tx, this.runtime, { trigger: "enqueue" }, [], []);
        this.notBefore = device.not_before;
        this.clock = device.clock;
      });
    }
  }
  fitting() {
    let room = MOST_BYTES - JSON.stringify(this.head).length - WIRE_ITEM_BYTES;
    return this.unsent.items.filter(({ lane, bytes, files }) => !lane && !files && (room -= bytes + WIRE_ITEM_BYTES) > 0);
  }
  async send(envelope, token, keepalive) {
    const { config, fetch, now, random } = this.runtime;
    const theirs = this.runtime.headers && await this.runtime.headers();
    const headers = { "Content-Type": "application/json", ...token && { [config.csrfHeader]: token } };
    const init = { method: "POST", headers, body: JSON.stringify(envelope), keepalive };
    const response = await fetch(withinBase(config, "v1/deliveries/"), requestInit(envelope.client.id, init, theirs));
    const verdict = judge(await read2(response), envelope.items.map(({ id }) => id), now());
    if (verdict.kind !== "answer") return;
    const { owner, results } = verdict.answer;
    await this.session.confirm(owner, envelope.owner, (tx) => applyResults(tx, [], results, { now: now(), random }));
    this.runtime.announce({ type: "change" });
  }
  /** Nobody may be left to hear the answer, so whoever comes next sends it again: the server recognises it. */
  async mark(items) {
    const { db, instance, now } = this.runtime;
    await db.write(async (tx) => {
      for (const { id } of items) {
        const item = await find(tx, id);
        if (item?.state !== "queued") continue;
        const sent = { lease_by: instance, lease_until: now(), send_count: item.send_count + 1, uncertain: true };
        put(tx, { ...item, ...sent, state: "sending" });
      }
    });
  }
};

// src/page-parts/engine/leaving.ts
async function leave(tx, discard2) {
  const { owner, isBound } = await readDevice(tx);
  const discarded = discard2 ? await forgetItems(tx, owner) : [];
  await forgetResults(tx, owner);
  forgetFeeds(tx, owner);
  const { pending, parked } = await countItems(tx, owner);
  const blocked = await blockOwner(tx, owner);
  await changeDevice(tx, { owner: "", visitor: "", isBound: false, ...isBound && { client: uuid4() } });
  return { owner, kept: pending + parked, discarded, blocked };
}
async function forgetItems(tx, owner) {
  const theirs = await ownedBy(tx, owner);
  for (const item of theirs) remove(tx, item);
  return theirs;
}
async function forgetResults(tx, owner) {
  const results = tx.objectStore("results");
  for (const result of await promised(results.getAll())) if (result.owner === owner) results.delete(result.id);
}
function forgetFeeds(tx, owner) {
  for (const name of ["feeds", "feed_items"]) tx.objectStore(name).delete(IDBKeyRange.bound([owner], [owner, []]));
}

// src/page-parts/engine/logout.ts
var CHOICES = ["keep", "send", "discard"];
var PATIENCE = 1e4;
async function logout(runtime, outbox, flusher, pending) {
  if (!CHOICES.includes(pending)) throw new TypeError(`bgsync: pending is one of ${CHOICES.join(", ")}`);
  const before = (await outbox.counts()).pending;
  if (pending === "send" && before) await flusher.insist({ trigger: "manual", signal: expiry(PATIENCE) });
  const unsent = (await outbox.counts()).pending;
  const { owner, kept, discarded, blocked } = await runtime.db.write((tx) => leave(tx, pending === "discard"));
  await forgetPages(owner).catch(() => void 0);
  runtime.announce(
    ...discarded.map((item) => ended(item, "discarded")),
    ...blocked.map((item) => ({ type: "blocked", item: news(item) })),
    { type: "owner" },
    { type: "change" }
  );
  return { sent: Math.max(0, before - unsent), kept, discarded: discarded.length };
}

// src/page-parts/engine/offer.ts
async function offer(flusher, lock, cause) {
  const attempt2 = () => lock.attempt(() => flusher.drain(cause));
  let ending = await attempt2();
  if (!ending) {
    await flusher.mark(cause.trigger);
    ending = await attempt2();
  }
  while (ending === "drained" && await flusher.marked()) ending = await attempt2();
  return ending;
}

// src/shared/rows/database.ts
function ended2(end) {
  try {
    end();
  } catch {
  }
}

// src/page-parts/engine/page-lock.ts
var GONE = "bgsync:gone";
function pageLock(runtime) {
  return runtime.locks ? webLock(runtime.locks) : new FlushLease(runtime);
}
var FlushLease = class {
  constructor(runtime) {
    this.runtime = runtime;
    this.isExclusive = false;
  }
  async attempt(work) {
    const leave2 = () => sayGone(this.runtime.instance);
    addEventListener("pagehide", leave2);
    try {
      if (!await this.lease(LEASE)) return null;
      const beat = setInterval(() => void this.renew().catch(() => void 0), LEASE / 3);
      try {
        return await work();
      } finally {
        clearInterval(beat);
        await this.lease(0);
      }
    } finally {
      removeEventListener("pagehide", leave2);
    }
  }
  /** Not at all: nobody says when the lease of another page is over. */
  async wait(work) {
    return await this.attempt(work) ?? "postponed";
  }
  /** A frozen tab wakes up to find its lease over and another one flushing. */
  renew() {
    return this.lease(LEASE);
  }
  lease(duration) {
    const { db, instance, now } = this.runtime;
    return db.write(async (tx) => {
      const { by, until } = (await readDevice(tx)).lease;
      if (by !== instance && by !== gone() && until > now() && until <= now() + LEASE) return false;
      sayGone("");
      await changeDevice(tx, { lease: { by: instance, until: now() + duration } });
      return true;
    });
  }
};
function sayGone(instance) {
  ended2(() => localStorage.setItem(GONE, instance));
}
function gone() {
  try {
    return localStorage.getItem(GONE);
  } catch {
    return null;
  }
}

// src/page-parts/engine/persistence.ts
var Persistence = class {
  constructor(changed) {
    this.changed = changed;
    this.hasAsked = false;
  }
  /** Firefox asks the user, the others decide by themselves. Workers cannot ask. */
  async ask() {
    if (this.hasAsked) return;
    this.hasAsked = true;
    const storage2 = navigator.storage;
    if (!storage2?.persist || await storage2.persisted?.()) return;
    if (await storage2.persist()) await this.changed();
  }
};

// src/page-parts/engine/greeting.ts
var PATIENCE2 = 3e3;
function greet(worker) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const done = (reply) => {
      clearTimeout(timer);
      port1.close();
      resolve(reply);
    };
    const timer = setTimeout(() => done(null), PATIENCE2);
    port1.onmessage = ({ data }) => done(data);
    worker.postMessage({ bgsync: 1, type: "hello" }, [port2]);
  });
}

// src/page-parts/engine/recognition.ts
async function hasOurs(registration, url, base) {
  const { active } = await activated(registration);
  const found = Boolean(active && await greet(active));
  if (!found && url) warn(registration.scope, base);
  return found;
}
function warn(scope, base) {
  console.warn(
    `django-bgsync: ${scope} has a service worker of its own, so items are sent while a page is open. Add this line to it: importScripts(${JSON.stringify(`${base}worker.js`)});`
  );
}

// src/page-parts/engine/schedule.ts
var SOONEST = 1e3;
var LATEST = 36e5;
var UNREADABLE = 6e4;
var LOOKED_AT3 = 500;
var Schedule = class {
  constructor(runtime, session, offer2) {
    this.runtime = runtime;
    this.session = session;
    this.offer = offer2;
    this.flushing = null;
    this.pending = /* @__PURE__ */ new Set();
    this.checking = null;
    this.scheduling = null;
    this.spokeAt = -Infinity;
    this.isStale = false;
    this.asked = 0;
    this.askedAt = 0;
  }
  hear(announcement) {
    if (announcement.type === "sent") this.asked = 0;
    if (announcement.type === "denied") this.speakUp();
    if (announcement.type === "change") this.schedule();
  }
  /** Flush as soon as this page may. Resolves when it has tried, whatever came of it. */
  flush(trigger) {
    this.pending.add(trigger);
    this.flushing ??= this.loop().finally(() => {
      this.flushing = null;
      this.schedule();
    });
    return this.flushing;
  }
  /** Something has changed outside: find out whose session it is where that is open, then send what is due. */
  resume(trigger) {
    return attempt(async () => {
      if (!await this.needsSession(trigger)) return this.flush(trigger);
      const change = await this.check();
      const isLogin = Boolean(change?.released.length);
      if (change) await this.flush(isLogin ? "login" : trigger);
    }).finally(() => this.schedule());
  }
  /** Not more often than now and then: a server may contradict itself. */
  speakUp() {
    const { headers, now } = this.runtime;
    if (!headers || now() < this.spokeAt + LATEST) return;
    this.spokeAt = now();
    this.runtime.isConfirmed = false;
    void this.resume("login");
  }
  async confirm() {
    return this.runtime.isConfirmed || this.check();
  }
  check() {
    this.checking ??= this.session.run().finally(() => this.checking = null);
    return this.checking;
  }
  async loop() {
    await this.checking;
    for (const trigger of this.pending) {
      this.pending.delete(trigger);
      await attempt(() => this.offer({ trigger }));
    }
  }
  async needsSession(trigger) {
    if (!this.runtime.isConfirmed || trigger === "manual") return true;
    return trigger !== "timer" && (await this.counts()).blocked > 0;
  }
  /** Set the timer anew, once for all the changes that come while it is being set. */
  schedule() {
    if (this.flushing) return;
    this.isStale = true;
    this.scheduling ??= attempt(() => this.setTimer()).finally(() => this.scheduling = null);
  }
  async setTimer() {
    const { db, now } = this.runtime;
    this.sleep(UNREADABLE);
    let at = Infinity;
    while (this.isStale) {
      this.isStale = false;
      at = Math.min(await db.read((tx) => this.dueAt(tx)), await this.askAt());
    }
    this.sleep(at - now());
  }
  sleep(milliseconds) {
    clearTimeout(this.timer);
    if (milliseconds === Infinity) return;
    this.timer = setTimeout(() => this.wake(), Math.min(LATEST, Math.max(SOONEST, milliseconds)));
  }
  wake() {
    this.askedAt = this.runtime.now();
    this.asked += 1;
    this.resume("timer");
  }
  async dueAt(tx) {
    const device = await readDevice(tx);
    const queued = await inState(tx, device.owner, "queued", LOOKED_AT3);
    const sending = await inState(tx, device.owner, "sending", LOOKED_AT3);
    const { isConfirmed, now } = this.runtime;
    const rest2 = latest(now(), device.not_before, device.next_try);
    const waits = (await heads(tx, queued)).map((item) => latest(now(), item.next_try, item.not_before));
    const first = isConfirmed ? Math.min(...waits) : 0;
    return Math.min(Math.max(rest2, first), ...sending.map((item) => item.lease_until));
  }
  /** A visible page asks after accepted items, less and less often. */
  async askAt() {
    if (document.visibilityState !== "visible" || !(await this.counts()).accepted) return Infinity;
    return this.askedAt + askDelay(this.asked);
  }
  counts() {
    return this.runtime.db.read(async (tx) => countItems(tx, (await readDevice(tx)).owner));
  }
};
function latest(now, ...instants) {
  return Math.max(0, ...instants.filter((instant) => !isPast(instant, now)));
}

// src/page-parts/engine/survey.ts
var FORECASTS = { granted: "granted", prompt: "granted", denied: "denied" };
var Survey = class {
  constructor(runtime, registration) {
    this.runtime = runtime;
    this.registration = registration;
  }
  async capabilities() {
    const pendingSyncTags = await (await this.registration.start())?.sync?.getTags() ?? [];
    return { ...await this.take(), pendingSyncTags };
  }
  /** For the worker, which cannot find out by itself. */
  async remember() {
    const capabilities = await this.take();
    const { appVersion, db } = this.runtime;
    await db.write((tx) => changeDevice(tx, { capabilities, ...appVersion && { app_version: appVersion } }));
  }
  async take() {
    const registration = await this.registration.start();
    const { worker, sync } = this.registration.known;
    return {
      worker,
      // Until a tag has been registered, or refused, in earnest.
      sync: sync ?? (registration?.sync && FORECASTS[await permission("background-sync")] || "unsupported"),
      periodicSync: await permission("periodic-background-sync"),
      notifications: typeof Notification === "undefined" ? "unsupported" : Notification.permission,
      // Not every browser has it, and not every context that has IndexedDB.
      persisted: await navigator.storage?.persisted?.().catch(() => false) ?? false,
      locks: this.runtime.locks !== void 0,
      embedded: isEmbedded()
    };
  }
};
async function permission(name) {
  try {
    return (await navigator.permissions.query({ name })).state;
  } catch {
    return "unsupported";
  }
}

// src/page-parts/engine/updates.ts
var Updates = class {
  constructor(found) {
    this.found = found;
    this.registration = null;
  }
  watch(registration) {
    this.registration = registration;
    if (registration.waiting) void this.look(registration.waiting);
    registration.addEventListener("updatefound", () => {
      const coming = registration.installing;
      coming?.addEventListener("statechange", () => {
        if (coming.state === "installed") void this.look(coming);
      });
    });
  }
  /** Switch to it. False if there is none of ours; it is up to the caller to load the pages anew. */
  async apply() {
    const waiting = this.registration?.waiting;
    if (!waiting) return false;
    const switched = new Promise((resolve) => {
      waiting.addEventListener("statechange", () => {
        if (waiting.state === "activated" || waiting.state === "redundant") resolve(waiting.state === "activated");
      });
    });
    if (!await greet(waiting)) return false;
    waiting.postMessage({ bgsync: 1, type: "update" });
    return switched;
  }
  /** Every new worker is installed for a moment; one that will not wait, or is not ours, is nobody's concern. */
  async look(worker) {
    if (this.registration?.active && (await greet(worker))?.waits && worker.state === "installed") this.found();
  }
};

// src/shared/vocabulary/release.ts
var RELEASE = false ? "source" : "ef42b50d6c2f";

// src/page-parts/engine/index.ts
function start(core) {
  const { runtime, outbox, unsent, registration, api, listen } = core;
  const session = new SessionCheck(
    runtime,
    (tx, owner) => settleProvisional(tx, owner, runtime.instance),
    (owner) => void tell(registration, { bgsync: 1, type: "confirmed", owner })
  );
  const lock = pageLock(runtime);
  const flusher = new Flusher(runtime, session, lock);
  const schedule = new Schedule(runtime, session, (cause) => offer(flusher, lock, cause));
  const lastFlush = new LastFlush(runtime, session, unsent);
  const arming = new Arming(runtime, registration);
  const survey = new Survey(runtime, registration);
  const persistence = new Persistence(() => survey.remember());
  const inquiry = new Inquiry(runtime);
  const updates = new Updates(() => api.dispatchEvent(new Event("update")));
  listen((announcement) => {
    schedule.hear(announcement);
    lastFlush.hear(announcement);
    if (announcement.type === "feed") api.dispatchEvent(new CustomEvent("feed", { detail: { name: announcement.name } }));
    if (announcement.type === "settled" && announcement.result.status === "applied") void notify(registration, announcement.item);
  });
  lend(core, session);
  void survey.remember().catch(() => void 0);
  void attempt(async () => {
    const ours = await registration.start();
    if (!ours) return;
    updates.watch(ours);
    await activated(ours);
    if (!navigator.serviceWorker.controller) await tell(registration, { bgsync: 1, type: "claim" });
  });
  void attempt(async () => await runtime.db.read((tx) => promised(tx.objectStore("feeds").count())) && core.part("feeds"));
  registration.changed = () => survey.remember();
  return {
    confirm: () => schedule.confirm(),
    flush: (trigger) => {
      if (trigger === "enqueue") void persistence.ask().catch(() => void 0);
      return schedule.flush(trigger);
    },
    resume: (trigger) => {
      if (trigger !== "timer") void attempt(() => arming.rearm());
      return schedule.resume(trigger);
    },
    arm: (tags) => arming.arm(tags),
    resultOf: (id, isAwaited) => inquiry.resultOf(id, isAwaited),
    leave: (csrfCookie) => lastFlush.run(csrfCookie ?? session.knownToken),
    retry: (id) => retry(runtime, id),
    discard: (id) => discard(runtime, id),
    clear: (everything) => clear(runtime, everything),
    export: () => exported(runtime, outbox),
    logout: (pending) => logout(runtime, outbox, flusher, pending),
    capabilities: () => survey.capabilities(),
    recognize: (found, url) => hasOurs(found, url, runtime.config.base),
    update: () => updates.apply()
  };
}
function lend({ runtime, part }, session) {
  runtime.replay = async (...flush) => {
    if (!await runtime.db.read(async (tx) => hasCaptured(tx, (await readDevice(tx)).owner))) return "drained";
    const requests = await part("requests").catch(() => null);
    if (requests) return requests.replay(...flush);
    await runtime.db.write((tx) => backOff(tx, { now: runtime.now(), random: runtime.random }));
    return "failed";
  };
  runtime.keepPages = async (owner, results) => {
    const paths = pagesOf(results);
    if (paths.length) await part("pages").then((pages) => pages.keep(session, owner, paths)).catch(() => void 0);
  };
}
async function notify(registration, { id, notify: notify2 }) {
  if (notify2 && document.hidden) await tell(registration, { bgsync: 1, type: "notify", id, notify: notify2 });
}
async function tell(registration, message) {
  (await registration.start())?.active?.postMessage(message);
}
export {
  RELEASE as release,
  start
};
