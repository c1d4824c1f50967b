/*! django-bgsync: generated from client/src, do not edit. sha256 ef42b50d6c2fa3112d832e551f78fd166e6155efa1849ebf2a34d3fd20c64df8 */
"use strict";
(() => {
  // src/shared/outbox/messages.ts
  function news(item) {
    const { id, aliases, tag, lane = "", notify } = item;
    return { id, aliases, tag, lane, ...notify && { notify } };
  }
  function isWorkerMessage(data) {
    return typeof data === "object" && data !== null && "bgsync" in data && data.bgsync === 1 && "type" in data;
  }

  // src/shared/context/cause.ts
  var PATIENT = /* @__PURE__ */ new Set(["enqueue", "timer"]);
  function isEager({ trigger }) {
    return !PATIENT.has(trigger);
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
  function isLongAgo({ answered_at, clock }, now) {
    return Math.abs(now + clock - answered_at) > 36e5;
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
    const giveUp2 = () => limit.abort();
    const timer = setTimeout(giveUp2, runtime.timeout + moreTime);
    signal?.addEventListener("abort", giveUp2);
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
      signal?.removeEventListener("abort", giveUp2);
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

  // src/shared/context/expiry.ts
  function expiry(milliseconds) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), milliseconds);
    return controller.signal;
  }

  // src/shared/context/lock.ts
  var LEASE = 45e3;

  // src/shared/rows/files.ts
  function filesOf({ seq }) {
    return IDBKeyRange.bound([seq], [seq, []]);
  }
  function readFiles(tx, item) {
    return promised(tx.objectStore("files").getAll(filesOf(item)));
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
  function writtenAt(device, now) {
    return { created_at: now, clock: isLongAgo(device, now) ? null : device.clock, since: device.answers };
  }
  async function find(tx, id) {
    const items = tx.objectStore("items");
    return await promised(items.index("id").get(id)) ?? promised(items.index("aliases").get(id));
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

  // src/shared/flushing/delivery.ts
  var SLOWEST = 16;

  // src/shared/rows/visitors.ts
  async function disown(tx, sent) {
    for (const { id } of sent) {
      const item = await find(tx, id);
      if (!item?.visitor || item.send_count > 1) continue;
      const { visitor: _, ...own } = item;
      put(tx, own);
    }
  }

  // src/shared/outbox/ownership.ts
  async function blockOwner(tx, owner) {
    const items = [...await inState(tx, owner, "queued"), ...await inState(tx, owner, "sending")];
    return items.map((item) => put(tx, { ...item, state: "blocked" }));
  }
  async function release(tx, owner) {
    const items = await inState(tx, owner, "blocked");
    return items.map((item) => put(tx, { ...item, state: "queued" }));
  }
  async function settleCaptured(tx, owner, page) {
    await settleProvisional(tx, owner, page);
    return owner && owner === (await readDevice(tx)).owner ? release(tx, owner) : [];
  }
  async function settleProvisional(tx, owner, page) {
    const items = await promised(tx.objectStore("items").index("provisional").getAll(page));
    const { visitor } = await readDevice(tx);
    for (const { provisional: _, ...item } of items) {
      const isOpen2 = item.state !== "accepted" && item.state !== "parked";
      put(tx, owner && isOpen2 && !(visitor && item.owner === visitor) ? { ...item, owner } : item);
    }
  }

  // src/shared/rows/results.ts
  var KEPT_FOR = 7 * 24 * 36e5;
  function keepResult(tx, item, settlement, now) {
    const results = tx.objectStore("results");
    for (const id of [item.id, ...item.aliases]) {
      results.put({ id, owner: item.owner, settled_at: now, settlement });
    }
  }

  // src/shared/outbox/settlement.ts
  async function giveBack(tx, sent, changed = (item) => item) {
    await Promise.all(sent.map(async ({ id, lease_by }) => {
      const item = await find(tx, id);
      const mine = item?.state === "sending" && item.lease_by === lease_by;
      if (mine) put(tx, { ...changed(item), state: "queued" });
    }));
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

  // src/shared/rows/captured.ts
  var CAPTURED = "http:captured";
  var BODY = "body";
  var LANE = "http:";
  function laneOf(pattern) {
    return LANE + pattern;
  }
  async function captured(tx, owner) {
    const items = await promised(tx.objectStore("items").index("owner_lane").getAll(lanesOf(owner)));
    return items.filter(({ request }) => request).sort((a, b) => a.seq - b.seq);
  }
  function isOpen({ state }) {
    return state !== "parked";
  }
  function heads(items) {
    const open = items.filter(isOpen);
    const firsts = open.filter(({ lane, seq }) => !open.some((other) => other.lane === lane && other.seq < seq));
    return firsts.filter(({ state }) => state === "queued").sort((a, b) => a.failures - b.failures || a.seq - b.seq);
  }
  function lanesOf(owner) {
    return IDBKeyRange.bound([owner, LANE], [owner, `${LANE}￿`]);
  }

  // src/shared/requests/replay-verdict.ts
  var PASSING = /* @__PURE__ */ new Set([408, 425, 429]);
  var DENIED = /* @__PURE__ */ new Set([401, 403]);
  var KEPT = 16384;
  function judgeReplay(id, { verdict }, reply, now) {
    const { status, ours } = reply;
    const said = ours ? parsed(reply) : null;
    const code = codeOf(reply, said);
    if (isObject(said) && code === "wrong_owner") return { kind: "wrong_owner", owner: said["owner"] };
    if (ours ? status === 401 : DENIED.has(status)) return { kind: "denied", isRevoked: code === "client_revoked" };
    const isDone = status >= 200 && status < 300;
    const isRefused = status >= 400 && status < 500 && !PASSING.has(status) && code !== "in_flight";
    const counts = ours || verdict === "status";
    if (counts && isDone) return { kind: "verdict", result: done(id, reply) };
    if (counts && isRefused) return { kind: "verdict", result: refused(id, code, reply) };
    return { kind: "later", code, delay: retryAfter(reply.retryAfter, now) };
  }
  function codeOf({ status }, said) {
    if (isObject(said) && typeof said["code"] === "string" && status >= 400) return said["code"];
    return status ? `http_${status}` : "redirected";
  }
  function done(id, reply) {
    return { ...BLANK, id, status: "applied", disposition: "done", code: "ok", result: { status: reply.status, body: body(reply) } };
  }
  function refused(id, code, reply) {
    const said = body(reply);
    const detail = isObject(said) && typeof said["detail"] === "string" ? said["detail"] : "";
    const problem = { status: reply.status, detail, errors: detail ? null : said };
    return { ...BLANK, id, status: reply.status === 409 ? "conflict" : "rejected", disposition: "park", code, problem };
  }
  function body(reply) {
    return reply.text.length > KEPT ? null : parsed(reply);
  }
  var BLANK = { replayed: false, result: null, retry_after: null, problem: null };

  // src/shared/requests/replay.ts
  var Replay = class {
    constructor(runtime, session, lock, cause) {
      this.runtime = runtime;
      this.session = session;
      this.lock = lock;
      this.cause = cause;
      this.tried = /* @__PURE__ */ new Set();
      this.hasChangedOwner = false;
    }
    async run() {
      for (; ; ) {
        const next = await this.next();
        if (typeof next === "string") return next;
        const ending = await this.send(next);
        this.runtime.announce({ type: "change" });
        if (ending) return ending;
      }
    }
    async next() {
      const { db } = this.runtime;
      if (this.cause.signal?.aborted) return "aborted";
      const first = await db.read((tx) => this.first(tx));
      if (!first) return "drained";
      if (first.request.verdict === "status" && !await this.session.run(this.cause.signal)) return "failed";
      if (!await this.lock.renew()) return "postponed";
      return db.write(async (tx) => {
        const item = await this.first(tx);
        return item ? this.lease(tx, item) : "drained";
      });
    }
    async first(tx) {
      const now = this.runtime.now();
      const eager = isEager(this.cause);
      const items = await captured(tx, (await readDevice(tx)).owner);
      return heads(items).find((item) => !this.tried.has(item.id) && isPast(item.not_before, now) && (eager || isPast(item.next_try, now)));
    }
    async lease(tx, item) {
      const { instance, now } = this.runtime;
      const sent = { send_count: item.send_count + 1, uncertain: true, lease_by: instance, lease_until: now() + LEASE };
      const file = (await readFiles(tx, item)).find(({ name }) => name === BODY);
      return { item: put(tx, { ...item, ...sent, state: "sending" }), content: file?.content ?? null };
    }
    async send(next) {
      const { session, runtime, cause } = this;
      const { item } = next;
      this.runtime.announce({ type: "change" });
      let outcome = await this.ask(next, await session.csrfToken(cause.signal));
      if (isDenied(outcome) && !outcome.isRevoked) {
        if (!await session.run(cause.signal)) return this.stop(item, "failed");
        const isStill = (await runtime.db.read((tx) => find(tx, item.id)))?.state === "sending";
        if (!isStill) return null;
        outcome = await this.ask(next, session.knownToken);
      }
      return this.settle(item, outcome);
    }
    async ask({ item, content }, token) {
      const { runtime, cause } = this;
      const { method, path, headers, key } = item.request;
      const own = {
        ...Object.fromEntries(headers),
        "Idempotency-Key": JSON.stringify(key ?? item.id),
        // The server has it, if at all, under the visitor who wrote it.
        "BGSync-Owner": item.visitor?.owner ?? item.owner,
        ...item.visitor && { [CLIENT]: item.visitor.client },
        ...token && { [runtime.config.csrfHeader]: token }
      };
      if (!isOfSite(path, runtime.config.base)) return { kind: "later", code: "invalid_item", delay: null };
      const time = (content?.byteLength ?? 0) / SLOWEST;
      const reply = await exchange(runtime, path, { method, headers: own, body: content }, cause.signal, time);
      return typeof reply === "string" ? reply : judgeReplay(item.id, item.request, reply, runtime.now());
    }
    async settle(item, outcome) {
      if (outcome === "offline") return this.missServer(item);
      if (outcome === "aborted") return this.stop(item, "aborted");
      if (outcome === "timeout") return this.postpone(item, outcome, null);
      switch (outcome.kind) {
        case "verdict":
          return this.accept(item, outcome.result);
        case "wrong_owner":
          return this.changeOwner(item, outcome.owner);
        case "denied":
          return outcome.isRevoked ? this.block(item) : this.postpone(item, "denied", null);
        default:
          return this.postpone(item, outcome.code, outcome.delay);
      }
    }
    async accept({ id }, result) {
      const { moment } = this;
      const told = await this.runtime.db.write(async (tx) => {
        const gone = [];
        const item = await find(tx, id);
        const said = item ? await applyResult(tx, item, result, moment, gone) : [];
        remove(tx, ...gone);
        return said;
      });
      this.runtime.announce({ type: "reached", reached: "server" }, ...told);
      return null;
    }
    /** This request waits, and what comes after it in its lane; the others go on. */
    async postpone(item, code, delay) {
      const { moment } = this;
      this.tried.add(item.id);
      await this.runtime.db.write((tx) => giveBack(tx, [item], (given) => delay === null ? postponed({ ...given, last_error: code }, moment) : { ...given, last_error: code, not_before: moment.now + delay }));
      return null;
    }
    async changeOwner(item, to) {
      if (this.hasChangedOwner || to === item.owner) {
        await this.postpone(item, "wrong_owner", null);
        await this.runtime.db.write((tx) => disown(tx, [item]));
        return null;
      }
      this.hasChangedOwner = true;
      await this.runtime.db.write((tx) => giveBack(tx, [item]));
      return await this.session.run(this.cause.signal) ? null : "failed";
    }
    async block(item) {
      const blocked = await this.runtime.db.write(async (tx) => {
        await giveBack(tx, [item]);
        await changeDevice(tx, { isRevoked: true });
        return blockOwner(tx, item.owner);
      });
      this.runtime.announce(...blocked.map((other) => ({ type: "blocked", item: news(other) })));
      return "blocked";
    }
    async missServer(item) {
      await this.runtime.db.write(async (tx) => {
        await giveBack(tx, [item]);
        await backOff(tx, this.moment);
      });
      this.runtime.announce({ type: "reached", reached: "nobody" });
      return "failed";
    }
    async stop(item, ending) {
      await this.runtime.db.write((tx) => giveBack(tx, [item]));
      return ending;
    }
    get moment() {
      return { now: this.runtime.now(), random: this.runtime.random };
    }
  };
  function isDenied(outcome) {
    return typeof outcome !== "string" && outcome.kind === "denied";
  }
  function isOfSite(path, base) {
    return path.startsWith("/") && new URL(path, base).origin === new URL(base).origin;
  }

  // src/worker/core.ts
  function plugIn(part) {
    (self.__bgsync.parts ??= []).push(part);
  }

  // src/shared/vocabulary/errors.ts
  var BgsyncError = class extends Error {
    constructor(code, message, options) {
      super(message, options);
      this.code = code;
      this.name = `${code.replace(/(?:^|_)./g, (start) => start.slice(-1).toUpperCase())}Error`;
    }
  };
  var TooLargeError = class extends BgsyncError {
    constructor(what, count, allowed, unit = "bytes") {
      super("too_large", `${what} ${count} ${unit}; ${allowed} are allowed.`);
    }
  };

  // src/shared/outbox/outbox.ts
  function newItem(id, device, draft, now) {
    const { files: contents = [], ...rest } = draft;
    const files = contents.map(({ content: _, ...note }) => note);
    return {
      ...DUE,
      ...writtenAt(device, now),
      id,
      owner: device.owner,
      aliases: [],
      send_count: 0,
      retry: 0,
      uncertain: false,
      lease_by: "",
      lease_until: 0,
      ...rest,
      ...files.length && { files }
    };
  }
  async function insert(tx, item, files = []) {
    const adding = tx.objectStore("items").add(item);
    adding.addEventListener("success", () => item.seq = adding.result);
    if (files.length) await promised(adding);
    for (const file of files) tx.objectStore("files").add({ ...file, seq: item.seq });
    return item;
  }

  // src/shared/vocabulary/synctags.ts
  var PREFIX = "bgsync:";
  var MOST = 3;
  function nextBrowserTag(tag, failed, mayFollow = true) {
    const tags = Array.from({ length: MOST }, (_, i) => PREFIX + tag + (i ? `#${i + 1}` : ""));
    const next = tags.find((candidate) => !failed.includes(candidate)) ?? null;
    return mayFollow || next === tags[0] ? next : null;
  }

  // src/worker-parts/capture/copy.ts
  var UNKEPT = /auth|cookie|csrf|key|passw|secret|session|token|^bgsync-|^x-bgsync/i;
  var FIELD = "csrfmiddlewaretoken";
  function describe(request, csrfHeader, verdict) {
    const { pathname, search } = new URL(request.url);
    const headers = [...request.headers].filter(([name]) => !UNKEPT.test(name) && name !== csrfHeader.toLowerCase());
    const key = keyOf(request);
    return { method: request.method.toUpperCase(), path: pathname + search, headers, verdict, ...key && { key } };
  }
  function keyOf(request) {
    const key = request.headers.get("Idempotency-Key")?.trim();
    return key ? key.replace(/^"(.*)"$/s, "$1").replace(/\\(.)/g, "$1") : null;
  }
  function bodyFile(content, type) {
    if (!content.byteLength) return null;
    const kept = withoutToken(content, type);
    return { name: BODY, filename: "", type, size: kept.byteLength, content: kept };
  }
  function withoutToken(content, type) {
    if (/^application\/x-www-form-urlencoded/i.test(type)) {
      const pairs = new TextDecoder().decode(content).split("&").filter((pair) => pair.split("=")[0] !== FIELD);
      return new TextEncoder().encode(pairs.join("&")).buffer;
    }
    const boundary = /^multipart\/form-data.*;\s*boundary="?([^";]+)/i.exec(type)?.[1];
    return boundary ? withoutPart(content, boundary) : content;
  }
  function withoutPart(content, boundary) {
    const text = new TextDecoder("latin1").decode(content);
    const name = text.indexOf(`name="${FIELD}"`);
    const start = name < 0 ? -1 : text.lastIndexOf(`--${boundary}`, name);
    const end = text.indexOf(`--${boundary}`, name);
    const isHead = start >= 0 && !text.slice(start, name).includes("\r\n\r\n");
    if (!isHead || end < 0) return content;
    const kept = new Uint8Array(content.byteLength - (end - start));
    kept.set(new Uint8Array(content, 0, start));
    kept.set(new Uint8Array(content, end), start);
    return kept.buffer;
  }

  // src/worker-parts/capture/patterns.ts
  function readPatterns(patterns) {
    return patterns.flatMap(({ url, methods, verdict }) => {
      try {
        return [{ source: url, url: new RegExp(url), methods: new Set(methods), verdict }];
      } catch (error) {
        console.warn("django-bgsync: nothing is captured for a pattern that this browser cannot read.", error);
        return [];
      }
    });
  }
  function match(patterns, request, base) {
    const url = new URL(request.url);
    const isOurs = request.url.startsWith(base) || request.headers.has("X-BGSync");
    const isForeign = url.origin !== new URL(base).origin || request.mode === "navigate";
    if (isOurs || isForeign || request.headers.has("Authorization")) return null;
    const method = request.method.toUpperCase();
    return patterns.find((pattern) => pattern.methods.has(method) && pattern.url.test(url.pathname)) ?? null;
  }

  // src/worker-parts/capture/capture.ts
  var PATIENCE = 4e3;
  var STORAGE_PATIENCE = 3e3;
  var Capture = class {
    constructor(scope, runtime, session, flusher, patterns) {
      this.scope = scope;
      this.runtime = runtime;
      this.session = session;
      this.flusher = flusher;
      this.patterns = patterns;
      /** Pages that have been told whose session theirs is, as far as this start of the worker knows. */
      this.confirmed = /* @__PURE__ */ new Set();
    }
    patternOf(request) {
      return match(this.patterns, request, this.runtime.config.base);
    }
    /** The site's answer, or ours that the request is kept. Rejects as `fetch` does where it could not be. */
    async handle(event, pattern) {
      const { request, clientId } = event;
      const stamp2 = await Promise.race([this.stamp(), giveUp()]).catch(() => null);
      if (!stamp2) return this.scope.fetch(request);
      if (this.scope.navigator.onLine === false || await this.isHeld(stamp2.owner, pattern)) {
        return this.keep(request, clientId, stamp2, pattern, false);
      }
      const copy = request.clone();
      try {
        return await this.complete(await this.try(request, copy.clone(), stamp2));
      } catch (error) {
        if (await this.isCalledOff(event)) throw error;
        return this.keep(copy, clientId, stamp2, pattern, true).catch(() => {
          throw error;
        });
      }
    }
    /** A page has learned whose session it is: what was kept of it before then is this owner's. */
    async confirm(page, owner) {
      this.confirmed.add(page);
      const released = await this.runtime.db.write((tx) => settleCaptured(tx, owner, page));
      if (released.length) this.runtime.announce({ type: "change" });
    }
    stamp() {
      const { db, now } = this.runtime;
      return db.write(async (tx) => {
        const device = await readDevice(tx);
        const id = mintId(device, now(), "");
        await changeDevice(tx, { last_id: id });
        return { id, owner: device.owner, client: device.client };
      });
    }
    /** Whether earlier ones still wait, after a try to send them: this one must not overtake them. */
    async isHeld(owner, { source }) {
      const isWaiting = () => this.runtime.db.read(async (tx) => (await captured(tx, owner)).some((item) => item.lane === laneOf(source) && isOpen(item)));
      if (!await isWaiting()) return false;
      await this.flusher.insist({ trigger: "manual", signal: expiry(PATIENCE) });
      return isWaiting();
    }
    async try(request, copy, stamp2) {
      const response = await this.scope.fetch(stamped(request, stamp2));
      if (response.status !== 409 || !await isWrongOwner(response)) return response;
      if (!await this.session.run()) return response;
      stamp2.owner = (await this.runtime.db.read(readDevice)).owner;
      return this.scope.fetch(stamped(copy, stamp2));
    }
    /** An answer of our server counts when all of it is here: else the page would have to ask again, under another key. */
    async complete(response) {
      if (response.headers.get("X-BGSync") !== "1") return response;
      const text = await response.clone().text();
      const isJson = /^application\/([\w.]+\+)?json\b/.test(response.headers.get("Content-Type") ?? "");
      if (isJson && text) JSON.parse(text);
      return response;
    }
    /** The page has changed its mind. One that is gone has not: what its user did goes on. */
    async isCalledOff({ request, clientId }) {
      return request.signal.aborted && Boolean(await this.scope.clients.get(clientId));
    }
    async keep(request, page, stamp2, pattern, wasTried) {
      const described = describe(request, this.runtime.config.csrfHeader, pattern.verdict);
      const body2 = bodyFile(await request.arrayBuffer(), request.headers.get("Content-Type") ?? "");
      const payload = { method: described.method, path: described.path };
      const item = await this.runtime.db.write(async (tx) => {
        const device = await readDevice(tx);
        checkSize(body2?.size ?? 0, device);
        const files = body2 ? [body2] : [];
        return insert(tx, newItem(stamp2.id, device, {
          tag: CAPTURED,
          lane: laneOf(pattern.source),
          payload,
          bytes: JSON.stringify(payload).length,
          request: described,
          owner: stamp2.owner,
          ...!this.confirmed.has(page) && { provisional: page },
          uncertain: wasTried,
          send_count: wasTried ? 1 : 0,
          files
        }, this.runtime.now()), files);
      });
      this.runtime.announce({ type: "queued", item: news(item) }, { type: "change" });
      await this.arm().catch(() => void 0);
      return queued(item);
    }
    /** There is a page, so the browser lets a worker ask to be woken. Not where it did so already, and has failed. */
    async arm() {
      const { failed_tags } = await this.runtime.db.read(readDevice);
      const tag = nextBrowserTag(CAPTURED, failed_tags, false);
      if (tag) await this.scope.registration.sync?.register(tag);
    }
  };
  function stamped(request, { id, owner, client }) {
    const headers = new Headers(request.headers);
    if (!headers.has("Idempotency-Key")) headers.set("Idempotency-Key", `"${id}"`);
    headers.set("BGSync-Client", client);
    if (owner) headers.set("BGSync-Owner", owner);
    return new Request(request, { headers, ...request.mode === "no-cors" && { mode: "same-origin" } });
  }
  function giveUp() {
    return new Promise((resolve) => setTimeout(() => resolve(null), STORAGE_PATIENCE));
  }
  async function isWrongOwner(response) {
    if (response.headers.get("X-BGSync") !== "1") return false;
    const body2 = await response.clone().json().catch(() => null);
    return body2?.code === "wrong_owner";
  }
  function checkSize(size, { limits }) {
    if (size > limits.max_file_bytes) throw new TooLargeError("A body has", size, limits.max_file_bytes);
  }
  function queued({ id }) {
    const headers = { "Content-Type": "application/json", "X-BGSync": "queued", "Cache-Control": "no-store" };
    return new Response(JSON.stringify({ bgsync: 1, id, state: "queued" }), { status: 202, headers });
  }

  // src/worker-parts/capture/index.ts
  plugIn(({ scope, runtime, session, flusher, project }, { capture = [], lifecycle }) => {
    const requests = new Capture(scope, runtime, session, flusher, readPatterns(capture));
    runtime.replay = (...flush) => new Replay(runtime, ...flush).run();
    project.waits = true;
    scope.addEventListener("message", (event) => {
      const { data, source } = event;
      if (!source || !isWorkerMessage(data)) return;
      if (data.type === "confirmed") event.waitUntil(requests.confirm(source.id, data.owner));
      if (data.type === "claim" && lifecycle) event.waitUntil(scope.clients.claim());
    });
    scope.addEventListener("fetch", (event) => {
      const pattern = requests.patternOf(event.request);
      if (pattern) event.respondWith(requests.handle(event, pattern));
    });
  });
})();
