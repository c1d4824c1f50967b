/*! django-bgsync: generated from client/src, do not edit. sha256 91115d5e5dc14a2beb11e46c504c42a200e84709bd74037e1c62af2f2a0d48be */
"use strict";
(() => {
  // src/shared/errors.ts
  var BgsyncError = class extends Error {
    constructor(code, message, options) {
      super(message, options);
      this.code = code;
      this.name = `${code.replace(/(?:^|_)./g, (start) => start.slice(-1).toUpperCase())}Error`;
    }
  };
  var QuotaExceededError = class extends BgsyncError {
    constructor(cause) {
      super("quota_exceeded", "The browser has no room left for this site: nothing was saved.", { cause });
    }
  };
  var StorageUnavailableError = class extends BgsyncError {
    constructor(cause) {
      super("storage_unavailable", "The browser refuses to store data for this site: nothing was saved.", { cause });
    }
  };
  var TooLargeError = class extends BgsyncError {
    constructor(what, count, allowed, unit = "bytes") {
      super("too_large", `${what} ${count} ${unit}; ${allowed} are allowed.`);
    }
  };
  function translated(error) {
    if (error instanceof BgsyncError) return error;
    const name = error instanceof Error || error instanceof DOMException ? error.name : "";
    if (name === "QuotaExceededError") return new QuotaExceededError(error);
    return STORAGE_FAILURES.has(name) ? new StorageUnavailableError(error) : error;
  }
  var STORAGE_FAILURES = /* @__PURE__ */ new Set([
    "AbortError",
    "InvalidStateError",
    "NotFoundError",
    "SecurityError",
    "TransactionInactiveError",
    "UnknownError"
  ]);

  // node_modules/idb/build/index.js
  var instanceOfAny = (object, constructors) => constructors.some((c) => object instanceof c);
  var idbProxyableTypes;
  var cursorAdvanceMethods;
  function getIdbProxyableTypes() {
    return idbProxyableTypes || (idbProxyableTypes = [
      IDBIndex,
      IDBObjectStore,
      IDBCursor,
      IDBDatabase,
      IDBTransaction
    ]);
  }
  function getCursorAdvanceMethods() {
    return cursorAdvanceMethods || (cursorAdvanceMethods = ["advance", "continue", "continuePrimaryKey"].map((method) => IDBCursor.prototype[method]));
  }
  var transactionDoneMap = /* @__PURE__ */ new WeakMap();
  var transformCache = /* @__PURE__ */ new WeakMap();
  var reverseTransformCache = /* @__PURE__ */ new WeakMap();
  function promisifyRequest(request) {
    const promise = new Promise((resolve, reject) => {
      const unlisten = () => {
        request.removeEventListener("success", success);
        request.removeEventListener("error", error);
      };
      const success = () => {
        resolve(wrap(request.result));
        unlisten();
      };
      const error = () => {
        reject(request.error);
        unlisten();
      };
      request.addEventListener("success", success);
      request.addEventListener("error", error);
    });
    reverseTransformCache.set(promise, request);
    return promise;
  }
  function cacheDonePromiseForTransaction(tx) {
    if (transactionDoneMap.has(tx))
      return;
    const done = new Promise((resolve, reject) => {
      const unlisten = () => {
        tx.removeEventListener("complete", complete);
        tx.removeEventListener("error", error);
        tx.removeEventListener("abort", error);
      };
      const complete = () => {
        resolve();
        unlisten();
      };
      const error = () => {
        reject(tx.error || new DOMException("AbortError", "AbortError"));
        unlisten();
      };
      tx.addEventListener("complete", complete);
      tx.addEventListener("error", error);
      tx.addEventListener("abort", error);
    });
    transactionDoneMap.set(tx, done);
  }
  var idbProxyTraps = {
    get(target, prop, receiver) {
      if (target instanceof IDBTransaction) {
        if (prop === "done")
          return transactionDoneMap.get(target);
        if (prop === "store") {
          return receiver.objectStoreNames[1] ? void 0 : receiver.objectStore(receiver.objectStoreNames[0]);
        }
      }
      return wrap(target[prop]);
    },
    set(target, prop, value) {
      target[prop] = value;
      return true;
    },
    has(target, prop) {
      if (target instanceof IDBTransaction && (prop === "done" || prop === "store")) {
        return true;
      }
      return prop in target;
    }
  };
  function wrapFunction(func) {
    if (getCursorAdvanceMethods().includes(func)) {
      return function(...args) {
        func.apply(unwrap(this), args);
        return wrap(this.request);
      };
    }
    return function(...args) {
      return wrap(func.apply(unwrap(this), args));
    };
  }
  function transformCachableValue(value) {
    if (typeof value === "function")
      return wrapFunction(value);
    if (value instanceof IDBTransaction)
      cacheDonePromiseForTransaction(value);
    if (instanceOfAny(value, getIdbProxyableTypes()))
      return new Proxy(value, idbProxyTraps);
    return value;
  }
  function wrap(value) {
    if (value instanceof IDBRequest)
      return promisifyRequest(value);
    if (transformCache.has(value))
      return transformCache.get(value);
    const newValue = transformCachableValue(value);
    if (!Object.is(newValue, value)) {
      transformCache.set(value, newValue);
      reverseTransformCache.set(newValue, value);
    }
    return newValue;
  }
  var unwrap = (value) => reverseTransformCache.get(value);
  function openDB(name, version, { blocked, upgrade, blocking, terminated } = {}) {
    const request = indexedDB.open(name, version);
    const openPromise = wrap(request);
    if (upgrade) {
      request.addEventListener("upgradeneeded", (event) => {
        upgrade(wrap(request.result), event.oldVersion, event.newVersion, wrap(request.transaction), event);
      });
    }
    if (blocked) {
      request.addEventListener("blocked", (event) => blocked(
        // Casting due to https://github.com/microsoft/TypeScript-DOM-lib-generator/pull/1405
        event.oldVersion,
        event.newVersion,
        event
      ));
    }
    openPromise.then((db) => {
      if (terminated)
        db.addEventListener("close", () => terminated());
      if (blocking) {
        db.addEventListener("versionchange", (event) => blocking(event.oldVersion, event.newVersion, event));
      }
    }).catch(() => {
    });
    return openPromise;
  }

  // src/shared/backoff.ts
  var BASE = 5e3;
  var CAP = 15 * 6e4;
  var FLOOR = 1e3;
  var RETRY_AFTER_CAP = 24 * 36e5;
  function postponed(waiting, { now, random: random2 }) {
    if (waiting.next_try > now) return waiting;
    const failures = waiting.failures + 1;
    return { ...waiting, failures, next_try: now + backoff(failures, random2) };
  }
  function backoff(failures, random2) {
    const ceiling = Math.min(CAP, BASE * 2 ** Math.max(0, failures - 1));
    return Math.max(FLOOR, Math.round(random2() * ceiling));
  }
  function retryAfter(header, now) {
    if (header === null) return null;
    const value = header.trim();
    if (/^\d+$/.test(value)) return clamped(Number(value));
    const date = /[a-z]/i.test(value) ? Date.parse(value) : NaN;
    return Number.isNaN(date) ? null : clamped((date - now) / 1e3);
  }
  function clamped(seconds) {
    return Math.min(RETRY_AFTER_CAP, Math.max(FLOOR, seconds * 1e3));
  }

  // src/shared/protocol.ts
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

  // src/shared/device.ts
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
    minted: { at: 0, count: 0 },
    limits: DEFAULT_LIMITS,
    not_before: 0,
    failures: 0,
    next_try: 0,
    dirty: null,
    lease: { by: "", until: 0 },
    failed_tags: [],
    failed_at: 0,
    dropped: {},
    capabilities: {
      worker: "none",
      sync: "unsupported",
      periodicSync: "unsupported",
      notifications: "unsupported",
      persisted: false,
      locks: false,
      embedded: false
    },
    app_version: "",
    worker_version: ""
  };
  function readDevice(tx) {
    let device = known.get(tx);
    if (!device) known.set(tx, device = read(tx));
    return device;
  }
  async function changeDevice(tx, changes) {
    writeDevice(tx, await readDevice(tx), changes);
  }
  function writeDevice(tx, device, changes) {
    unwaited(tx.objectStore("meta").put(Object.assign(device, changes), "device"));
  }
  var known = /* @__PURE__ */ new WeakMap();
  async function read(tx) {
    return { ...INITIAL_DEVICE, ...await tx.objectStore("meta").get("device") };
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

  // src/shared/identity.ts
  var COUNTS = 4096;
  function uuid4() {
    return format(random(), 4);
  }
  function mint(last, now) {
    const minted = following(last, Math.trunc(now));
    const bytes = random();
    const view = new DataView(bytes.buffer);
    view.setUint32(0, Math.floor(minted.at / 65536));
    view.setUint16(4, minted.at % 65536);
    view.setUint16(6, minted.count);
    return { id: format(bytes, 7), minted };
  }
  function following(last, now) {
    if (now > last.at) return { at: now, count: new DataView(random().buffer).getUint16(0) % (COUNTS / 4) };
    return last.count + 1 < COUNTS ? { at: last.at, count: last.count + 1 } : { at: last.at + 1, count: 0 };
  }
  function random() {
    return crypto.getRandomValues(new Uint8Array(16));
  }
  function format(bytes, version) {
    bytes[6] = bytes[6] & 15 | version << 4;
    bytes[8] = bytes[8] & 63 | 128;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  // src/shared/schema.ts
  var DATABASE = "django-bgsync";
  var STORES = ["items", "results", "meta", "files"];
  function unwaited(written) {
    written.catch(() => void 0);
  }
  var STEPS = [createStores, indexCoalescing, indexAge, storeFiles];
  var VERSION = STEPS.length;
  async function openHandle(lost) {
    if (typeof indexedDB === "undefined") throw new StorageUnavailableError();
    try {
      return await open(VERSION, lost);
    } catch (error) {
      if (error instanceof DOMException && error.name === "VersionError") return open(void 0, lost);
      throw error;
    }
  }
  function open(version, lost) {
    return openDB(DATABASE, version, {
      upgrade: (db, from, _to, tx) => {
        for (const step of STEPS.slice(from)) step(db, tx);
      },
      blocking: (_current, _blocked, event) => {
        event.target.close();
        lost();
      },
      terminated: lost
    });
  }
  function createStores(db, tx) {
    const items = db.createObjectStore("items", { keyPath: "seq", autoIncrement: true });
    items.createIndex("id", "id", { unique: true });
    items.createIndex("aliases", "aliases", { multiEntry: true });
    items.createIndex("state", "state");
    items.createIndex("owner_state", ["owner", "state"]);
    items.createIndex("owner_lane", ["owner", "lane"]);
    items.createIndex("provisional", "provisional");
    db.createObjectStore("results", { keyPath: "id" }).createIndex("settled_at", "settled_at");
    db.createObjectStore("meta");
    void tx.objectStore("meta").put({ ...INITIAL_DEVICE, client: uuid4() }, "device");
  }
  function indexCoalescing(_db, tx) {
    tx.objectStore("items").createIndex("coalesce", ["owner", "tag", "lane", "coalesce_key"]);
  }
  function indexAge(_db, tx) {
    tx.objectStore("items").createIndex("expires_at", "expires_at");
  }
  function storeFiles(db) {
    db.createObjectStore("files", { keyPath: ["seq", "name"] });
  }

  // src/shared/database.ts
  var Database = class {
    constructor() {
      this.handle = null;
    }
    read(work) {
      return this.use((handle) => work(handle.transaction(STORES, "readonly")));
    }
    /** Resolves when the transaction is complete and, where the browser can, on disk. */
    write(work) {
      return this.use((handle) => commit(handle.transaction(STORES, "readwrite", { durability: "strict" }), work));
    }
    async close() {
      const handle = this.handle;
      this.handle = null;
      (await handle)?.close();
    }
    async use(work) {
      try {
        return await this.once(work);
      } catch (error) {
        if (!isLostHandle(error)) throw translated(error);
      }
      this.handle = null;
      return this.once(work).catch((error) => {
        this.handle = null;
        throw translated(error);
      });
    }
    async once(work) {
      return work(await (this.handle ??= this.open()));
    }
    open() {
      const opening = openHandle(() => {
        if (this.handle === opening) this.handle = null;
      });
      return opening;
    }
  };
  async function commit(tx, work) {
    tx.done.catch(() => void 0);
    try {
      const value = await work(tx);
      ended(() => tx.commit());
      await tx.done;
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
  function isLostHandle(error) {
    return error instanceof DOMException && ["InvalidStateError", "UnknownError", "AbortError"].includes(error.name);
  }

  // src/shared/files.ts
  function fileBytes(files = []) {
    return files.reduce((sum, { size }) => sum + size, 0);
  }
  function excess(files = [], limits) {
    const checks = [
      ["There are", files.length, limits.max_files, "files"],
      ["A file has", Math.max(0, ...files.map(({ size }) => size)), limits.max_file_bytes],
      ["The files have", fileBytes(files), limits.max_delivery_file_bytes]
    ];
    const failed = checks.find(([, count, allowed]) => count > allowed);
    return failed ? new TooLargeError(...failed) : null;
  }
  function filesOf({ seq }) {
    return IDBKeyRange.bound([seq], [seq, []]);
  }
  function readFiles(tx, item) {
    return tx.objectStore("files").getAll(filesOf(item));
  }
  async function attachments(tx, items) {
    const found = items.filter(({ files }) => files).map(async (item) => (await readFiles(tx, item)).map(({ name, filename, type, content }) => ({ part: `${item.id}/${name}`, filename: filename || name, content: new Blob([content], { type }) })));
    return (await Promise.all(found)).flat();
  }
  function writeForm(envelope, attached) {
    const form = new FormData();
    form.append("envelope", JSON.stringify(envelope));
    for (const { part, filename, content } of attached) form.append(part, content, filename);
    return form;
  }

  // src/shared/items.ts
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
    const expired = await tx.objectStore("items").index("expires_at").getAll(IDBKeyRange.upperBound(device.answered_at));
    return expired.filter((item) => isOverdue(item, device));
  }
  function writtenAt(device, now) {
    return { created_at: now, clock: isLongAgo(device, now) ? null : device.clock, since: device.answers };
  }
  async function find(tx, id) {
    const items = tx.objectStore("items");
    return await items.index("id").get(id) ?? items.index("aliases").get(id);
  }
  async function findAgain(tx, items) {
    const seqs = items.map(({ seq }) => seq);
    const [first, last] = [Math.min(...seqs), Math.max(...seqs)];
    if (!items.length || last - first >= 2 * items.length) return /* @__PURE__ */ new Map();
    const near = await tx.objectStore("items").getAll(IDBKeyRange.bound(first, last));
    return new Map(near.map((item) => [item.id, item]));
  }
  function remove(tx, ...items) {
    const seqs = items.map(({ seq }) => seq).sort((a, b) => a - b);
    for (let start = 0, end = 1; start < seqs.length; start = end++) {
      while (seqs[end] === seqs[start] + end - start) end += 1;
      unwaited(tx.objectStore("items").delete(IDBKeyRange.bound(seqs[start], seqs[end - 1])));
    }
    for (const item of items) if (item.files) unwaited(tx.objectStore("files").delete(filesOf(item)));
  }
  function put(tx, item) {
    unwaited(tx.objectStore("items").put(item));
    return item;
  }
  function inState(tx, owner, state, limit) {
    return tx.objectStore("items").index("owner_state").getAll([owner, state], limit);
  }
  function ownedBy(tx, owner) {
    return tx.objectStore("items").index("owner_state").getAll(IDBKeyRange.bound([owner], [owner, []]));
  }
  async function mintId(tx, now) {
    const device = await readDevice(tx);
    const { id, minted } = mint(device.minted, now + device.clock);
    writeDevice(tx, device, { minted });
    return id;
  }
  async function copyItem(tx, item, now) {
    return {
      ...item,
      ...DUE,
      id: await mintId(tx, now),
      aliases: [...item.aliases, item.id],
      ...writtenAt(await readDevice(tx), now),
      send_count: 0,
      retry: 0,
      uncertain: false
    };
  }
  async function countItems(tx, owner) {
    const index = tx.objectStore("items").index("owner_state");
    const numbers = await Promise.all(STATES.map((state) => index.count([owner, state])));
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

  // src/shared/results.ts
  var KEPT = 500;
  var KEPT_FOR = 7 * 24 * 36e5;
  function keepResult(tx, item, settlement, now) {
    const results = tx.objectStore("results");
    for (const id of [item.id, ...item.aliases]) {
      unwaited(results.put({ id, owner: item.owner, settled_at: now, settlement }));
    }
  }
  async function pruneResults(tx, now) {
    const results = tx.objectStore("results");
    const byAge = results.index("settled_at");
    const old = await byAge.getAllKeys(IDBKeyRange.upperBound(now - KEPT_FOR));
    const surplus = await results.count() - old.length - KEPT;
    const oldest = surplus > 0 ? await byAge.getAllKeys(null, old.length + surplus) : old;
    for (const id of oldest) unwaited(results.delete(id));
  }
  var HERE = { expired: ["expired", "park"], too_large: ["rejected", "park"], unknown_item: ["deferred", "retry"] };
  function verdictHere(id, code) {
    const [status, disposition] = HERE[code];
    return { id, status, disposition, code, replayed: false, result: null, retry_after: null, problem: null };
  }

  // src/shared/messages.ts
  function news(item) {
    return { id: item.id, aliases: item.aliases, tag: item.tag, lane: item.lane };
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

  // src/shared/settlement.ts
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
      const kept = excess(item.files, limits) && await find(tx, item.id);
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
  function finish(tx, item, result, { now }) {
    keepResult(tx, item, result, now);
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

  // src/shared/aging.ts
  async function startAging({ db, config }) {
    const known2 = await db.read(readDevice);
    if (known2.answers === known2.aged) return;
    await db.write(async (tx) => {
      const { answers, answered_at } = await readDevice(tx);
      for (const item of await ageless(tx)) {
        put(tx, { ...item, expires_at: answered_at + Math.min(item.max_age ?? Infinity, config.maxAge) });
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
    const byState = tx.objectStore("items").index("state");
    const waiting = [...await byState.getAll("queued"), ...await byState.getAll("blocked")];
    return waiting.filter(({ expires_at, since }) => answers && !expires_at && since !== answers);
  }

  // src/shared/lanes.ts
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

  // src/shared/batch.ts
  var ENVELOPE_BYTES = 12288;
  var WIRE_ITEM_BYTES = 768;
  var ENOUGH_FILE_BYTES = 8388608;
  var LONGEST_WAIT = 24 * 36e5;
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
    for (const item of await tx.objectStore("items").index("state").getAll("sending")) {
      if (!everything && item.lease_until > now) continue;
      put(tx, { ...item, state: item.owner === owner ? "queued" : "blocked" });
    }
  }
  function isPast(instant, now) {
    return instant <= now || instant > now + LONGEST_WAIT;
  }
  async function candidates(tx, device, selection, most) {
    const isDue = (item) => !selection.tried.has(item.id) && !isOverdue(item, device) && isPast(item.not_before, selection.now) && (selection.eager || isPast(item.next_try, selection.now));
    for (let limit = 2 * most; ; limit *= 4) {
      const queued = await inState(tx, selection.owner, "queued", limit);
      const found = inTurn(await rows(tx, queued, isDue, most));
      if (found.length >= most || queued.length < limit) return found;
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
      const items = await tx.objectStore("items").index("owner_lane").getAll(lane, limit);
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
      lane: item.lane,
      after,
      seq: item.seq,
      created_at: new Date(item.created_at + (item.clock ?? clock) - clock).toISOString(),
      send_count: item.send_count,
      retry: item.retry,
      payload: item.payload
    };
  }

  // src/shared/contact.ts
  async function noteContact(tx, { server_time, limits }, moment, more) {
    const device = await readDevice(tx);
    const at = Date.parse(server_time);
    const clock = Number.isNaN(at) ? {} : { clock: Math.round(at - moment.now), answered_at: at };
    const contact = { failures: 0, next_try: 0, answers: device.answers + 1, ...clock };
    await changeDevice(tx, { ...contact, limits: { ...device.limits, ...limits }, ...more });
    return expire(tx, moment);
  }

  // src/shared/config.ts
  function withinBase(config, path) {
    return new URL(path, config.base).href;
  }

  // src/shared/configuration.ts
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

  // src/shared/exchange.ts
  async function exchange(runtime, path, init, signal, moreTime = 0) {
    const { client } = await runtime.db.read(readDevice);
    const limit = new AbortController();
    const giveUp = () => limit.abort();
    const timer = setTimeout(giveUp, runtime.timeout + moreTime);
    signal?.addEventListener("abort", giveUp);
    try {
      signal?.throwIfAborted();
      const theirs = await Promise.race([runtime.headers?.(), aborted(limit.signal)]);
      const full = requestInit(client, { ...init, signal: limit.signal }, theirs);
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
    const ours = { ...init.headers, "X-BGSync": "1", "BGSync-Client": client };
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

  // src/shared/verdict.ts
  function judge(reply, sent, now) {
    const { status } = reply;
    const body = reply.ours ? parsed(reply) : null;
    if (status === 200 && isAnswer(body) && isComplete(body, sent)) return { kind: "answer", answer: body };
    const delay = retryAfter(reply.retryAfter, now);
    if ((status === 429 || status === 503) && delay !== null) return { kind: "busy", delay, ours: reply.ours };
    return isProblem(body) ? refusal(status, body) : unreachable(status);
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
    return isObject(body) && body["bgsync"] === 1 && isOwner(body["owner"]) && Array.isArray(body["results"]) && body["results"].every(isResult);
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

  // src/shared/delivery.ts
  var SLOWEST = 16;
  var LOOKED_AT = 1e3;
  var ROWLESS = /* @__PURE__ */ new Set(["expired", "id_too_old", "invalid_item", "too_large", "unstorable_payload"]);
  async function awaited(tx, owner, turn, overdue, first) {
    const accepted = await inState(tx, owner, "accepted", LOOKED_AT);
    const parked = (await inState(tx, owner, "parked", LOOKED_AT)).filter(({ result }) => !ROWLESS.has(result?.code ?? ""));
    const all = [...overdue, ...accepted, ...parked];
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
        capabilities,
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
    const headers = { ...!attached.length && { "Content-Type": "application/json" }, ...token && { [runtime.config.csrfHeader]: token } };
    const body = attached.length ? writeForm(envelope, attached) : JSON.stringify(envelope);
    const bytes = attached.reduce((sum, { content }) => sum + content.size, 0);
    const reply = await exchange(runtime, "v1/deliveries/", { method: "POST", headers, body }, signal, bytes / SLOWEST);
    if (reply === "timeout") return { kind: "unreachable", code: reply, divisible: bytes > 0 };
    if (typeof reply === "string") return { kind: reply };
    return judge(reply, envelope.items.map(({ id }) => id), runtime.now());
  }

  // src/shared/lock.ts
  var NAME = "bgsync:flush";
  var LEASE = 45e3;
  var BUSY = /* @__PURE__ */ Symbol("another context is flushing");
  var FlushLock = class {
    constructor(runtime) {
      this.runtime = runtime;
    }
    /** Whether holding it proves that every other sender is gone, so that their leases on items are void. */
    get isExclusive() {
      return this.runtime.locks !== void 0;
    }
    /** Do the work if nobody else is at it. */
    async attempt(work) {
      const { locks } = this.runtime;
      if (!locks) return this.underLease(work);
      return locks.request(NAME, { ifAvailable: true }, (lock) => lock ? work() : Promise.resolve(BUSY));
    }
    /** Do the work when it is free; rejects with an AbortError when `signal` comes first. */
    async wait(work, signal) {
      const { locks } = this.runtime;
      return locks ? locks.request(NAME, { signal }, work) : this.underLease(work);
    }
    /** Whether the right still stands: a frozen tab wakes up to find its lease over and another one flushing. */
    async renew() {
      return this.isExclusive || this.lease(LEASE);
    }
    async underLease(work) {
      if (!await this.lease(LEASE)) return BUSY;
      const beat = setInterval(() => void this.lease(LEASE).catch(() => void 0), LEASE / 3);
      try {
        return await work();
      } finally {
        clearInterval(beat);
        await this.lease(0);
      }
    }
    lease(duration) {
      const { db, instance, now } = this.runtime;
      return db.write(async (tx) => {
        const { by, until } = (await readDevice(tx)).lease;
        if (by !== instance && until > now() && until <= now() + LEASE) return false;
        await changeDevice(tx, { lease: { by: instance, until: now() + duration } });
        return true;
      });
    }
  };

  // src/shared/visitors.ts
  async function bindVisitor(tx, user) {
    const { client, visitor } = await readDevice(tx);
    if (!visitor || visitor === user) return;
    const items = await ownedBy(tx, visitor);
    for (const item of items) put(tx, { ...item, owner: user, visitor: { owner: visitor, client } });
    const results = await tx.objectStore("results").getAll();
    for (const result of results) if (result.owner === visitor) await tx.objectStore("results").put({ ...result, owner: user });
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

  // src/shared/ownership.ts
  async function confirmOwner(tx, owner, { page, isVisitor } = {}) {
    const { owner: before } = await readDevice(tx);
    if (page !== void 0) await settleProvisional(tx, owner, page);
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
    const items = await tx.objectStore("items").index("provisional").getAll(page);
    for (const { provisional: _, ...item } of items) {
      put(tx, owner && item.state !== "accepted" && item.state !== "parked" ? { ...item, owner } : item);
    }
  }
  async function adopt(tx, owner) {
    const items = await ownedBy(tx, "");
    for (const item of items) put(tx, { ...item, owner });
  }

  // src/shared/pace.ts
  var Pace = class {
    constructor() {
      /** Items this flush is done with. */
      this.tried = /* @__PURE__ */ new Set();
      this.cap = Infinity;
      /** The server has answered since the last failure. */
      this.proven = false;
      this.hasSkipped = false;
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

  // src/shared/flush.ts
  var PATIENT = /* @__PURE__ */ new Set(["enqueue", "timer"]);
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
      /** Whose items are being sent. */
      this.owner = "";
    }
    async run() {
      const { db, now } = this.runtime;
      await db.write((tx) => reclaim(tx, this.lock.isExclusive, now()));
      const ending = await this.drain();
      await startAging(this.runtime);
      if (this.hasResults) await db.write((tx) => pruneResults(tx, now()));
      return ending;
    }
    async drain() {
      let earlier = null;
      for (; ; ) {
        const next = await this.next();
        if (typeof next === "string" && !earlier) return next;
        const sending = typeof next === "string" ? null : this.send(next);
        sending?.catch(() => void 0);
        const ending = await earlier ?? (this.pace.proven ? null : await sending);
        if (ending) {
          await sending;
          return ending;
        }
        earlier = sending;
      }
    }
    async next() {
      const { db, now } = this.runtime;
      const { trigger, signal } = this.cause;
      if (signal?.aborted) return "aborted";
      const device = await db.read(readDevice);
      if (device.isRevoked) return this.block(device.owner, []);
      if (!isPast(device.not_before, now())) return "postponed";
      if (trigger === "timer" && !isPast(device.next_try, now())) return "postponed";
      if (!device.owner) return await this.findOwner() ?? this.next();
      const isDoubtful = isCutOff(device) || isLongAgo(device, now());
      if (!this.hasProbed && isDoubtful) return await this.probe(device) ?? this.next();
      if (!await this.lock.renew()) return "postponed";
      return db.write((tx) => this.prepare(tx, device.owner));
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
      const eager = !PATIENT.has(this.cause.trigger);
      const by = this.runtime.instance;
      const batch = await leaseBatch(tx, { owner, now, eager, tried, cap, proven, by, leaseUntil: now + LEASE });
      const overdue = (await overdueItems(tx, await readDevice(tx))).filter((item) => item.owner === owner);
      const asks = !this.hasAsked && (batch.length + overdue.length > 0 || !SENDING_ONLY.has(this.cause.trigger));
      const asked = asks ? await awaited(tx, owner, this.turn, overdue, batch[0]?.item) : [];
      const first = batch[0]?.item ?? asked[0];
      if (!first) return "drained";
      this.owner = owner;
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
          return this.missServer(items);
        case "aborted":
          return this.abort(items);
        case "csrf_failed":
          return this.endure(items, { kind: verdict.kind, code: verdict.kind, divisible: false });
        default:
          return this.endure(items, verdict);
      }
    }
    async accept(answer, owner, items) {
      const { moment } = this;
      const apply2 = async (tx) => {
        const { not_before } = await readDevice(tx);
        const wait = isPast(not_before, moment.now) ? 0 : not_before;
        const expired = await noteContact(tx, answer, moment, { not_before: wait });
        const sent = await applyResults(tx, items, answer.results, moment);
        return [...expired, ...sent, ...await applyNews(tx, answer.settled ?? [], moment)];
      };
      if (owner === this.owner) await this.session.confirm(answer.owner, apply2);
      else this.runtime.announce(...await this.runtime.db.write(apply2));
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
        const ending = await this.endure(items, { kind: "wrong_owner", code: "wrong_owner", divisible: false });
        await this.runtime.db.write((tx) => disown(tx, items));
        return ending;
      }
      this.hasChangedOwner = true;
      this.owner = "";
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
    /** Nobody answered: that says nothing about the items, so none of them is the worse for it. */
    async missServer(items) {
      await this.runtime.db.write(async (tx) => {
        await giveBack(tx, items);
        await backOff(tx, this.moment);
      });
      return this.end("failed", "nobody");
    }
    /** An answer that is no verdict: these items wait, and the others are only tried if the server can be trusted to be there. */
    async endure(items, failure) {
      const course = this.pace.fail(items.map(({ id }) => id), failure.divisible);
      const told = await this.runtime.db.write(async (tx) => {
        if (course === "divide") await giveBack(tx, items);
        else await countFailure(tx, items, failure.code, this.moment);
        if (course === "stop") await backOff(tx, this.moment);
        if (!failure.limits) return [];
        const limits = { ...(await readDevice(tx)).limits, ...failure.limits };
        await changeDevice(tx, { limits });
        return parkTooLarge(tx, items, limits, this.moment);
      });
      this.runtime.announce(...told);
      return course === "stop" ? this.end("failed", failure.kind === "unreachable" ? "stranger" : "server") : null;
    }
    async abort(items) {
      await this.runtime.db.write((tx) => giveBack(tx, items));
      return this.end("aborted");
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

  // src/shared/flusher.ts
  var Flusher = class {
    constructor(runtime, session) {
      this.runtime = runtime;
      this.session = session;
      this.flushes = 0;
      this.lock = new FlushLock(runtime);
    }
    /** Flush unless another context is at it, which then does it once more in our stead. */
    async offer(cause) {
      let ending = await this.lock.attempt(() => this.drain(cause));
      if (ending === BUSY) {
        await this.mark(cause.trigger);
        ending = await this.lock.attempt(() => this.drain(cause));
      }
      while (ending === "drained" && await this.marked()) ending = await this.lock.attempt(() => this.drain(cause));
      return ending;
    }
    /** Wait for the lock, for as long as the cause's signal allows, then flush. */
    async insist(cause) {
      try {
        const ending = await this.lock.wait(() => this.drain(cause), cause.signal);
        return ending === BUSY ? "postponed" : ending;
      } catch (error) {
        if (cause.signal.aborted) return "aborted";
        throw error;
      }
    }
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
    async marked() {
      return (await this.runtime.db.read(readDevice)).dirty;
    }
    async mark(dirty) {
      await this.runtime.db.write(async (tx) => {
        if ((await readDevice(tx)).dirty !== dirty) await changeDevice(tx, { dirty });
      });
    }
  };

  // src/shared/session.ts
  var SessionCheck = class {
    constructor(runtime, page) {
      this.runtime = runtime;
      this.page = page;
      /** The last token the server handed out, for sites whose CSRF cookie scripts cannot read. */
      this.token = null;
      /** Whether this context has learned whose session it is, rather than taking the last known one for granted. */
      this.isConfirmed = false;
    }
    /** Ask the server. What it changed for the items here, null if it could not be asked. */
    async run(signal) {
      const { now, random: random2 } = this.runtime;
      const asked = now();
      const reply = await exchange(this.runtime, "v1/session/", {}, signal);
      const body = typeof reply === "string" || !reply.ours || reply.status !== 200 ? null : parsed(reply);
      if (!isSession(body)) return this.miss(reply);
      this.token = body.csrf_token;
      const isVisitor = !body.authenticated && body.owner !== null;
      const moment = { now: (asked + now()) / 2, random: random2 };
      const change = await this.confirm(body.owner, (tx) => noteContact(tx, body, moment, { isRevoked: false }), isVisitor);
      this.announceReached("server");
      return change;
    }
    /** The server has named the owner, here or in the answer to a delivery. `first` happens in the same transaction. */
    async confirm(owner, first, isVisitor = false) {
      const [told, change] = await this.runtime.db.write(async (tx) => [
        await first?.(tx) ?? [],
        await confirmOwner(tx, owner ?? "", { page: this.page, isVisitor })
      ]);
      this.isConfirmed = true;
      this.runtime.announce(...told, ...announcements(change));
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
      const { db, now, random: random2 } = this.runtime;
      await db.write((tx) => backOff(tx, { now: now(), random: random2 }));
      if (typeof reply === "string") this.announceReached("nobody");
      else this.announceReached(reply.ours ? "server" : "stranger");
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

  // src/shared/synctags.ts
  var PREFIX = "bgsync:";
  function itemTag(browserTag) {
    return browserTag.startsWith(PREFIX) ? browserTag.slice(PREFIX.length).replace(/#\d+$/, "") : null;
  }

  // src/worker/project.ts
  var Project = class {
    constructor(runtime) {
      this.syncHandlers = /* @__PURE__ */ new Map();
      /** Whether a new worker leaves the pages that are open to the one before it. */
      this.waits = false;
      this.api = {
        configure: ({ skipWaiting, ...options }) => {
          configure(runtime, options);
          if (skipWaiting !== void 0) this.waits = !skipWaiting;
        },
        onSync: (tag, handler) => void this.syncHandlers.set(tag, handler)
      };
    }
  };

  // src/shared/expiry.ts
  function expiry(milliseconds) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), milliseconds);
    return controller.signal;
  }

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
      if (name === null || !await this.isWaiting(name)) return this.remember(tag, false);
      const signal = expiry(BUDGET);
      const ending = await this.flusher.insist({ trigger: "sync", syncTag: tag, lastChance, signal });
      const left = await this.isWaiting(name);
      await this.remember(tag, left && !lastChance);
      if (left) throw new Error(`django-bgsync: items of ${tag} are left (${ending})`);
    }
    /** The page asks to have the flush finished even if it goes away. */
    async flush() {
      await this.flusher.insist({ trigger: "message", signal: expiry(BUDGET) });
    }
    isWaiting(tag) {
      return this.runtime.db.read(async (tx) => {
        const byState = tx.objectStore("items").index("state");
        const items = [...await byState.getAll("queued"), ...await byState.getAll("sending")];
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
    const announcer = new Announcer(() => void 0);
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
      timeout: 6e4
    };
    const events = new SyncEvents(runtime, new Flusher(runtime, new SessionCheck(runtime)));
    const project = new Project(runtime);
    announcer.open();
    self2.addEventListener("sync", (event) => {
      const handler = project.syncHandlers.get(event.tag);
      if (handler) event.waitUntil(Promise.resolve(handler(event)));
      else if (itemTag(event.tag) !== null) event.waitUntil(events.handle(event));
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
      await runtime.db.write((tx) => changeDevice(tx, { worker_version: config.version }));
    }
    return project.api;
  }

  // src/worker/index.ts
  self.bgsync ??= startWorker(self, self.__bgsync);
})();
