/*! django-bgsync: generated from client/src, do not edit. sha256 91115d5e5dc14a2beb11e46c504c42a200e84709bd74037e1c62af2f2a0d48be */
"use strict";
(() => {
  // src/shared/errors.ts
  var BgsyncError = class extends Error {
    constructor(code, message, options) {
      super(message, options);
      this.code = code;
      this.name = `${code.replace(/(?:^|_)./g, (start2) => start2.slice(-1).toUpperCase())}Error`;
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
  var NotSerializableError = class extends BgsyncError {
    constructor(cause) {
      super("not_serializable", "The payload cannot be written as JSON.", { cause });
    }
  };
  var AlreadySentError = class extends BgsyncError {
    constructor(id) {
      super("already_sent", `Item ${id} may have reached the server: it can no longer be discarded here.`);
    }
  };
  var NotRetryableError = class extends BgsyncError {
    constructor(id) {
      super("not_retryable", `Item ${id} cannot be tried again: only parked items can, and not every one of them.`);
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
  function askDelay(asked) {
    return Math.min(6e4, 1e3 * 2 ** asked);
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
    const view2 = new DataView(bytes.buffer);
    view2.setUint32(0, Math.floor(minted.at / 65536));
    view2.setUint16(4, minted.at % 65536);
    view2.setUint16(6, minted.count);
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
  function unwaited(written3) {
    written3.catch(() => void 0);
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
    for (let start2 = 0, end = 1; start2 < seqs.length; start2 = end++) {
      while (seqs[end] === seqs[start2] + end - start2) end += 1;
      unwaited(tx.objectStore("items").delete(IDBKeyRange.bound(seqs[start2], seqs[end - 1])));
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
        const wait2 = isPast(not_before, moment.now) ? 0 : not_before;
        const expired = await noteContact(tx, answer, moment, { not_before: wait2 });
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

  // src/shared/coalescing.ts
  async function supersede(tx, owner, draft, now) {
    const { tag, lane, coalesce_key, provisional } = draft;
    if (coalesce_key === void 0) return [];
    const alike = await tx.objectStore("items").index("coalesce").getAll([owner, tag, lane, coalesce_key]);
    const replaced = alike.filter((item) => item.send_count === 0 && item.provisional === provisional && (item.state === "queued" || item.state === "blocked"));
    for (const item of replaced) {
      remove(tx, item);
      keepResult(tx, item, { id: item.id, status: "superseded" }, now);
    }
    if (replaced.length) await pruneResults(tx, now);
    return replaced;
  }

  // src/shared/outbox.ts
  var DROPPED = { quota_exceeded: "quota", too_large: "too_large" };
  var PAGE = 200;
  var COPIED = /* @__PURE__ */ new Set(["expired", "id_too_old"]);
  var FINAL = /* @__PURE__ */ new Set(["payload_mismatch", "discarded"]);
  var Outbox = class {
    constructor(db, now) {
      this.db = db;
      this.now = now;
    }
    /** Resolves when the item is committed on this device. Rejects with a BgsyncError otherwise. */
    async add(draft) {
      let id;
      let superseded = [];
      try {
        const item = await this.db.write(async (tx) => {
          const written3 = id && await find(tx, id);
          if (written3) return written3;
          const device = await readDevice(tx);
          const { owner, limits } = device;
          if (draft.bytes > limits.max_item_bytes) throw new TooLargeError("The payload has", draft.bytes, limits.max_item_bytes);
          superseded = await supersede(tx, owner, draft, this.now());
          return insert(tx, id ??= await mintId(tx, this.now()), device, draft, this.now());
        });
        return { item, superseded };
      } catch (error) {
        const reason = error instanceof BgsyncError && DROPPED[error.code];
        if (reason) await this.countDropped(reason);
        throw error;
      }
    }
    get(id) {
      return this.db.read((tx) => findOwn(tx, id));
    }
    /** In the order they were written; at most `limit` of those that match, read in pages, since an outbox may be long. */
    list(matches = () => true, limit = Infinity) {
      return this.db.read(async (tx) => {
        const { owner } = await readDevice(tx);
        const found = [];
        for (let last = 0, isMore = true; isMore && found.length < limit; ) {
          const page = await tx.objectStore("items").getAll(IDBKeyRange.lowerBound(last, true), PAGE);
          found.push(...page.filter((item) => item.owner === owner && matches(item)));
          last = page.at(-1)?.seq ?? last;
          isMore = page.length === PAGE;
        }
        return found.slice(0, limit);
      });
    }
    counts() {
      return this.db.read(async (tx) => countItems(tx, (await readDevice(tx)).owner));
    }
    /** How an item ended, as far as this device knows; "open" while it is still in the outbox. */
    settlement(id) {
      return this.db.read(async (tx) => {
        if (await find(tx, id)) {
          const item = await findOwn(tx, id);
          return item?.state === "parked" && item.result ? item.result : "open";
        }
        const kept = await tx.objectStore("results").get(id);
        return kept?.owner === (await readDevice(tx)).owner ? kept.settlement : void 0;
      });
    }
    /** The user's "try again" on a parked item; as a copy where its id can never run. Raises NotRetryableError. */
    retry(id) {
      return this.db.write(async (tx) => {
        const item = await findOwn(tx, id);
        const code = item?.result?.code ?? "";
        if (item?.state !== "parked" || FINAL.has(code)) throw new NotRetryableError(id);
        if (COPIED.has(code)) return put(tx, await copyItem(tx, item, this.now()));
        return put(tx, { ...item, ...DUE, retry: item.retry + 1 });
      });
    }
    /** Raises AlreadySentError for what the server may hold. */
    discard(id) {
      return this.db.write(async (tx) => {
        const item = await findOwn(tx, id);
        if (!item) return void 0;
        if (mayBeHeld(item)) throw new AlreadySentError(id);
        remove(tx, item);
        keepResult(tx, item, { id: item.id, status: "discarded" }, this.now());
        await pruneResults(tx, this.now());
        return item;
      });
    }
    /**
     * Delete the parked items, or everything. What the server may hold goes without a result: how it ends, only the server
     * can say.
     */
    clear(everything) {
      return this.db.write(async (tx) => {
        const { owner } = await readDevice(tx);
        const items = everything ? await ownedBy(tx, owner) : await inState(tx, owner, "parked");
        const [discarded, withdrawn] = [items.filter((item) => !mayBeHeld(item)), items.filter(mayBeHeld)];
        for (const item of items) remove(tx, item);
        for (const item of discarded) keepResult(tx, item, { id: item.id, status: "discarded" }, this.now());
        await pruneResults(tx, this.now());
        return { discarded, withdrawn };
      });
    }
    /** An item's files with their contents. */
    files(item) {
      return this.db.read((tx) => readFiles(tx, item));
    }
    async countDropped(reason) {
      const counted2 = this.db.write(async (tx) => {
        const { dropped } = await readDevice(tx);
        await changeDevice(tx, { dropped: { ...dropped, [reason]: (dropped[reason] ?? 0) + 1 } });
      });
      await counted2.catch(() => void 0);
    }
  };
  function mayBeHeld({ uncertain, state }) {
    return uncertain || state === "accepted";
  }
  async function findOwn(tx, id) {
    const item = await find(tx, id);
    return item?.owner === (await readDevice(tx)).owner ? item : void 0;
  }
  async function insert(tx, id, device, draft, now) {
    const { files: contents = [], ...rest } = draft;
    const files = contents.map(({ content: _, ...note }) => note);
    const item = {
      ...rest,
      ...files.length && { files },
      ...DUE,
      ...writtenAt(device, now),
      id,
      owner: device.owner,
      aliases: [],
      send_count: 0,
      retry: 0,
      uncertain: false,
      lease_by: "",
      lease_until: 0
    };
    const seq = await tx.objectStore("items").add(item);
    for (const file of contents) await tx.objectStore("files").add({ ...file, seq });
    return { ...item, seq };
  }

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

  // src/page/attachments.ts
  var MAX_NAME = 100;
  async function readAttachments(db, files) {
    const named = Object.entries(files).map(([name, blob]) => {
      const isFine = blob instanceof Blob && name && name.length <= MAX_NAME && !new RegExp("[\\0-\\x1f\\x7f]|\\p{Surrogate}", "u").test(name);
      if (!isFine) throw new TypeError(`bgsync: files.${name} is not a File or Blob under a name of 1 to ${MAX_NAME} characters`);
      return { blob, name, filename: blob.name ?? "", type: blob.type, size: blob.size };
    });
    const tooLarge = named.length && excess(named, (await db.read(readDevice)).limits);
    if (tooLarge) throw tooLarge;
    return Promise.all(named.map(async ({ blob, ...note }) => ({ ...note, content: await read3(blob) })));
  }
  async function read3(blob) {
    try {
      return await blob.arrayBuffer();
    } catch (error) {
      throw new NotSerializableError(error);
    }
  }

  // src/page/export.ts
  function exported(items, now) {
    const readable = items.map((item) => ({ ...item, files: item.files.map(written) }));
    return { bgsync: 1, exportedAt: new Date(now).toISOString(), items: readable };
  }
  function written({ name, filename, type, size, content }) {
    let binary = "";
    for (const byte of new Uint8Array(content)) binary += String.fromCharCode(byte);
    return { name, filename, type, size, content: btoa(binary) };
  }

  // src/page/draft.ts
  var TAG = /^[a-z0-9][a-z0-9._-]{0,63}$/;
  var OPTIONS2 = /* @__PURE__ */ new Set(["lane", "coalesceKey", "maxAge", "files"]);
  var MAX_NAME2 = 100;
  function readDraft(tag, payload, options) {
    if (!TAG.test(tag)) throw new TypeError(`bgsync: tag ${JSON.stringify(tag)} does not match ${TAG.source}`);
    const unknown = Object.keys(options).find((name) => !OPTIONS2.has(name));
    if (unknown) throw new TypeError(`bgsync: enqueue() knows no option ${JSON.stringify(unknown)}`);
    const text = written2(payload);
    const bytes = new TextEncoder().encode(text).length;
    const { lane, coalesceKey: key, maxAge } = options;
    if (!((maxAge ?? 1) > 0)) throw new TypeError("bgsync: maxAge is a positive number of milliseconds");
    return {
      tag,
      lane: readName("lane", lane ?? ""),
      payload: JSON.parse(text),
      bytes,
      ...(key ?? null) !== null && { coalesce_key: readName("coalesceKey", key) },
      ...(maxAge ?? null) !== null && { max_age: maxAge }
    };
  }
  function readName(what, name) {
    const isClean = typeof name === "string" && name.length <= MAX_NAME2 && !new RegExp("\\0|\\p{Surrogate}", "u").test(name);
    if (!isClean) throw new TypeError(`bgsync: a ${what} is a string of at most ${MAX_NAME2} characters`);
    return name;
  }
  function written2(payload) {
    let text;
    try {
      text = JSON.stringify(payload, refuseLossy);
    } catch (error) {
      throw error instanceof BgsyncError ? error : new NotSerializableError(error);
    }
    if (text === void 0) throw new NotSerializableError();
    return text;
  }
  function refuseLossy(_key, value) {
    const isLossy = typeof value === "number" ? !Number.isFinite(value) : typeof value === "object" && value !== null && !PLAIN.has(Object.prototype.toString.call(value));
    if (isLossy) throw new NotSerializableError();
    return value;
  }
  var PLAIN = new Set(["Object", "Array", "String", "Number", "Boolean"].map((name) => `[object ${name}]`));

  // src/shared/expiry.ts
  function expiry(milliseconds) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), milliseconds);
    return controller.signal;
  }

  // src/shared/leaving.ts
  async function leave(tx, discard) {
    const { owner, isBound } = await readDevice(tx);
    const discarded = discard ? await forgetItems(tx, owner) : [];
    await forgetResults(tx, owner);
    const { pending, parked } = await countItems(tx, owner);
    const blocked = await blockOwner(tx, owner);
    await changeDevice(tx, { owner: "", visitor: "", isBound: false, ...isBound && { client: uuid4() } });
    return { kept: pending + parked, discarded, blocked };
  }
  async function forgetItems(tx, owner) {
    const theirs = await ownedBy(tx, owner);
    for (const item of theirs) remove(tx, item);
    return theirs;
  }
  async function forgetResults(tx, owner) {
    const results = tx.objectStore("results");
    for (const result of await results.getAll()) if (result.owner === owner) await results.delete(result.id);
  }

  // src/page/logout.ts
  var CHOICES = ["keep", "send", "discard"];
  var PATIENCE = 1e4;
  async function logout(runtime, session, outbox, flusher, pending) {
    if (!CHOICES.includes(pending)) throw new TypeError(`bgsync: pending is one of ${CHOICES.join(", ")}`);
    const before = (await outbox.counts()).pending;
    if (pending === "send" && before) await flusher.insist({ trigger: "manual", signal: expiry(PATIENCE) });
    const unsent = (await outbox.counts()).pending;
    const { kept, discarded, blocked } = await runtime.db.write((tx) => leave(tx, pending === "discard"));
    session.isConfirmed = false;
    runtime.announce(
      ...discarded.map((item) => ({
        type: "settled",
        item: news(item),
        result: { id: item.id, status: "discarded" }
      })),
      ...blocked.map((item) => ({ type: "blocked", item: news(item) })),
      { type: "owner" },
      { type: "change" }
    );
    return { sent: Math.max(0, before - unsent), kept, discarded: discarded.length };
  }
  function watchLogoutForms(logOut) {
    const ready = /* @__PURE__ */ new WeakSet();
    document.addEventListener("submit", (event) => {
      const form = event.target;
      const pending = form.dataset["bgsyncLogout"];
      if (pending === void 0 || event.defaultPrevented || ready.delete(form)) return;
      event.preventDefault();
      const submitter = event.submitter;
      const done = Promise.race([logOut(pending || "keep"), wait(2 * PATIENCE)]);
      void done.catch((error) => console.warn("django-bgsync:", error)).then(() => {
        ready.add(form);
        if (form.requestSubmit) form.requestSubmit(submitter);
        else form.submit();
      });
    });
  }
  function wait(milliseconds) {
    return new Promise((resume) => setTimeout(resume, milliseconds));
  }

  // src/page/api.ts
  var Bgsync = class extends EventTarget {
    #parts;
    #before = Promise.resolve();
    /** @internal */
    constructor(parts) {
      super();
      this.#parts = parts;
    }
    /** Rejects with a BgsyncError if the item could not be committed on this device. */
    async enqueue(tag, payload, options = {}) {
      const { runtime, session, outbox, receipts, activated: activated2 } = this.#parts;
      const draft = readDraft(tag, payload, options);
      draft.files = await this.#inTurn(readAttachments(runtime.db, options.files ?? {}));
      await activated2;
      const written3 = await outbox.add(session.isConfirmed ? draft : { ...draft, provisional: runtime.instance });
      void this.#follow(written3);
      const { id } = written3.item;
      return { id, state: "queued", settled: receipts.expect(id) };
    }
    /** How requests prove whose they are, where cookies do not. */
    configure(options) {
      configure(this.#parts.runtime, options);
      this.#parts.triggers.ask();
    }
    /** To be called before the session ends. Resolves with what became of the unsent items. */
    logout({ pending = "keep" } = {}) {
      const { runtime, session, outbox, flusher } = this.#parts;
      return logout(runtime, session, outbox, flusher, pending);
    }
    /** How an item ended, from any tab and after a reload. Never rejects. */
    settled(id) {
      return this.#parts.receipts.settled(id);
    }
    /** Send now what our own backoff would hold. Resolves when it has been tried. */
    async flush() {
      await this.#parts.activated;
      await this.#parts.triggers.resume("manual");
    }
    /** Resolves when nothing waits to be sent or to be applied; parked items wait for nobody. */
    async idle({ lane } = {}) {
      while (await this.#isWaiting(lane)) {
        await new Promise((resume) => this.addEventListener("change", resume, { once: true }));
      }
    }
    counts() {
      return this.#parts.outbox.counts();
    }
    async get(id) {
      const item = await this.#parts.outbox.get(id);
      return item ? view(item) : null;
    }
    /** In the order they were written. */
    async list({ tag, lane, state, limit } = {}) {
      const matches = (item) => (tag === void 0 || item.tag === tag) && (lane === void 0 || item.lane === lane) && (state === void 0 || item.state === state);
      return (await this.#parts.outbox.list(matches, limit)).map(view);
    }
    /** Try a parked item again. Rejects with NotRetryableError for one that cannot be. */
    async retry(id) {
      const { runtime, outbox, triggers } = this.#parts;
      const item = await outbox.retry(id);
      runtime.announce({ type: "queued", item: news(item) }, { type: "change" });
      triggers.enqueued(item.tag);
      return view(item);
    }
    /** Rejects with AlreadySentError for an item that the server may hold. */
    async discard(id) {
      const { runtime, outbox } = this.#parts;
      const item = await outbox.discard(id);
      if (!item) return;
      runtime.announce(ended2(item, "discarded"), { type: "change" });
    }
    /** Delete the parked items, or with `all` everything there is. Resolves with how many there were. */
    async clear({ all = false } = {}) {
      const { runtime, outbox } = this.#parts;
      const { discarded, withdrawn } = await outbox.clear(all);
      runtime.announce(...discarded.map((item) => ended2(item, "discarded")));
      if (withdrawn.length) runtime.announce({ type: "owner" });
      runtime.announce({ type: "change" });
      return discarded.length + withdrawn.length;
    }
    /** Everything in the outbox as data. */
    async export() {
      const { outbox, runtime } = this.#parts;
      const items = (await outbox.list()).map(async (item) => ({ ...view(item), files: item.files ? await outbox.files(item) : [] }));
      return exported(await Promise.all(items), runtime.now());
    }
    get connection() {
      return this.#parts.reach.state;
    }
    capabilities() {
      return this.#parts.registration.capabilities();
    }
    /** Switch to a new worker that waits; load the page anew afterwards. Resolves false if none does. */
    update() {
      return this.#parts.updates.apply();
    }
    /** What the commit of an item entails. Whoever has waited for the commit alone goes first. */
    async #follow({ item, superseded }) {
      const { runtime, triggers, lastFlush, persistence } = this.#parts;
      await null;
      await null;
      const old = superseded.map((other) => ended2(other, "superseded"));
      runtime.announce(...old, { type: "queued", item: news(item) }, { type: "change" });
      lastFlush.add(item);
      triggers.enqueued(item.tag);
      await persistence.ask().catch(() => void 0);
    }
    /** Large files must not let what is enqueued after them overtake. */
    async #inTurn(reading) {
      const before = this.#before;
      this.#before = Promise.allSettled([before, reading]);
      await before;
      return reading;
    }
    async #isWaiting(lane) {
      const isOne = (item) => item.state !== "parked" && (lane === void 0 || item.lane === lane);
      return (await this.#parts.outbox.list(isOne, 1)).length > 0;
    }
  };
  function eventOf(announcement) {
    switch (announcement.type) {
      case "change":
        return new Event("change");
      case "queued":
      case "blocked":
      case "sent":
      case "parked":
      case "settled": {
        const { type, item } = announcement;
        const { aliases: _, ...detail } = item;
        return new CustomEvent(type, { detail: "result" in announcement ? { ...detail, result: announcement.result } : detail });
      }
      default:
        return null;
    }
  }
  function ended2(item, status) {
    return { type: "settled", item: news(item), result: { id: item.id, status } };
  }
  function view(item) {
    const { id, tag, lane, seq, state, payload, files = [], result } = item;
    const createdAt = new Date(item.created_at).toISOString();
    return { id, tag, lane, seq, state, payload, files, createdAt, sendCount: item.send_count, result };
  }

  // src/page/config.ts
  function readConfig({ base, worker, scope, csrfCookie, csrfHeader, maxAge, appVersion }) {
    const absolute = (path) => new URL(path, location.origin).href;
    return {
      base: absolute(base ?? "/bgsync/"),
      worker: scope ? { url: worker ? absolute(worker) : null, scope: absolute(scope) } : null,
      appVersion: readVersion(appVersion ?? ""),
      csrfCookie: csrfCookie ?? "csrftoken",
      csrfHeader: csrfHeader ?? "X-CSRFToken",
      maxAge: Number(maxAge ?? 30 * 24 * 36e5)
    };
  }
  function readCookie(name) {
    const found = document.cookie.split("; ").find((cookie) => cookie.startsWith(`${name}=`));
    return found ? found.slice(name.length + 1) : null;
  }

  // src/page/connection.ts
  var Connection = class {
    constructor(changed) {
      this.changed = changed;
      this.state = navigator.onLine ? "online" : "offline";
    }
    start() {
      addEventListener("offline", () => this.become("offline"));
      addEventListener("online", () => this.become("online"));
    }
    hear(reached) {
      if (reached === "server") this.become("online");
      else this.become(navigator.onLine ? "unreachable" : "offline");
    }
    become(state) {
      if (state === this.state) return;
      this.state = state;
      this.changed();
    }
  };

  // src/page/last-flush.ts
  var MOST_BYTES = 6e4;
  var LastFlush = class {
    constructor(runtime, session) {
      this.runtime = runtime;
      this.session = session;
      this.unsent = /* @__PURE__ */ new Map();
      this.head = null;
      this.notBefore = 0;
      this.clock = 0;
      this.isStale = false;
      this.preparing = null;
    }
    add(item) {
      this.unsent.set(item.id, item);
      this.prepare();
    }
    /** Whether everything this page wrote is known to have been sent. */
    get isNeedless() {
      return this.unsent.size === 0;
    }
    hear(announcement) {
      if (announcement.type === "owner") this.unsent.clear();
      else if (announcement.type === "reached") this.prepare();
      else if ("item" in announcement && announcement.type !== "queued") this.unsent.delete(announcement.item.id);
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
      this.isStale = true;
      this.preparing ??= this.read().catch(() => void 0).finally(() => this.preparing = null);
    }
    async read() {
      while (this.isStale && this.unsent.size) {
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
      return [...this.unsent.values()].filter(({ lane, bytes, files }) => !lane && !files && (room -= bytes + WIRE_ITEM_BYTES) > 0);
    }
    async send(envelope, token, keepalive) {
      const { config, fetch: fetch2, now, random: random2 } = this.runtime;
      const theirs = this.runtime.headers && await this.runtime.headers();
      const headers = { "Content-Type": "application/json", ...token && { [config.csrfHeader]: token } };
      const init = { method: "POST", headers, body: JSON.stringify(envelope), keepalive };
      const response = await fetch2(withinBase(config, "v1/deliveries/"), requestInit(envelope.client.id, init, theirs));
      const verdict = judge(await read2(response), envelope.items.map(({ id }) => id), now());
      if (verdict.kind !== "answer") return;
      const { owner, results } = verdict.answer;
      await this.session.confirm(owner, (tx) => applyResults(tx, [], results, { now: now(), random: random2 }));
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

  // src/page/persistence.ts
  var Persistence = class {
    constructor(changed) {
      this.changed = changed;
      this.hasAsked = false;
    }
    /** Firefox asks the user, the others decide by themselves. Workers cannot ask. */
    async ask() {
      if (this.hasAsked) return;
      this.hasAsked = true;
      const storage = navigator.storage;
      if (!storage?.persist || await storage.persisted?.()) return;
      if (await storage.persist()) await this.changed();
    }
  };

  // src/page/receipts.ts
  var Receipts = class {
    constructor(runtime, outbox) {
      this.runtime = runtime;
      this.outbox = outbox;
      this.waiting = /* @__PURE__ */ new Map();
    }
    settled(id) {
      const known2 = this.waiting.get(id);
      if (known2) return known2.promise;
      const promise = this.expect(id);
      void this.look(id);
      return promise;
    }
    /** The same for an item that is still open. */
    expect(id) {
      let resolve;
      const promise = new Promise((done) => resolve = done);
      this.waiting.set(id, { promise, resolve });
      return promise;
    }
    hear(announcement) {
      if (announcement.type === "owner") this.lookAgain();
      if (announcement.type !== "settled") return;
      const { id, aliases } = announcement.item;
      for (const name of [id, ...aliases]) this.settle(name, announcement.result);
    }
    /** Announcements may have been missed. */
    lookAgain() {
      for (const id of this.waiting.keys()) void this.look(id);
    }
    async look(id) {
      try {
        const settlement = await this.outbox.settlement(id);
        if (settlement === void 0) await this.ask(id);
        else if (settlement !== "open") this.settle(id, settlement);
      } catch {
      }
    }
    /** Long gone from this device: only the server knows, now or when it can be reached. */
    async ask(id) {
      for (let asked = 0; this.waiting.has(id); asked += 1) {
        const result = await this.fetchResult(id);
        if (result === "unknown") return this.settle(id, verdictHere(id, "unknown_item"));
        if (result?.disposition === "done" || result?.disposition === "park") return this.settle(id, result);
        await new Promise((resume) => setTimeout(resume, askDelay(asked)));
      }
    }
    async fetchResult(id) {
      const { owner } = await this.runtime.db.read(readDevice);
      const headers = owner ? { "BGSync-Owner": owner } : {};
      const reply = await exchange(this.runtime, `v1/items/?id=${encodeURIComponent(id)}`, { headers });
      if (typeof reply === "string" || !reply.ours || reply.status !== 200) return void 0;
      const body = parsed(reply);
      const results = isObject(body) && Array.isArray(body["results"]) ? body["results"].filter(isResult) : void 0;
      return results && (results.find((result) => result.id === id) ?? "unknown");
    }
    settle(id, settlement) {
      this.waiting.get(id)?.resolve(settlement);
      this.waiting.delete(id);
    }
  };

  // src/shared/synctags.ts
  var PREFIX = "bgsync:";
  var MOST = 3;
  var PAUSE = 6e4;
  function nextBrowserTag(tag, failed, mayFollow = true) {
    const tags = Array.from({ length: MOST }, (_, i) => PREFIX + tag + (i ? `#${i + 1}` : ""));
    const next = tags.find((candidate) => !failed.includes(candidate)) ?? null;
    return mayFollow || next === tags[0] ? next : null;
  }

  // src/page/survey.ts
  async function survey(locks) {
    return {
      periodicSync: await permission("periodic-background-sync"),
      notifications: typeof Notification === "undefined" ? "unsupported" : Notification.permission,
      // Not every browser has it, and not every context that has IndexedDB.
      persisted: await navigator.storage?.persisted?.().catch(() => false) ?? false,
      locks: locks !== void 0,
      embedded: isEmbedded()
    };
  }
  async function permission(name) {
    try {
      return (await navigator.permissions.query({ name })).state;
    } catch {
      return "unsupported";
    }
  }
  function isEmbedded() {
    try {
      return window.top.origin !== location.origin;
    } catch {
      return true;
    }
  }

  // src/page/greeting.ts
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

  // src/page/worker-search.ts
  var ACTIVATION = 1e4;
  async function findWorker(worker, base) {
    const container = navigator.serviceWorker;
    if (!worker || !container || isEmbedded()) return { registration: null, isForeign: false };
    const { url, scope } = worker;
    const existing = await container.getRegistration(scope);
    const isTaken = existing?.scope === scope && !(url && scripts(existing).every((script) => script === url || script.startsWith(base)));
    const registration = isTaken ? existing : url && await container.register(url, { scope, updateViaCache: "none" });
    if (!registration) return { registration: null, isForeign: false };
    const isForeign = !await hasOurs(registration, base);
    if (isForeign && url) warn(scope, base);
    return { registration, isForeign };
  }
  async function activated(registration) {
    const coming = registration.installing ?? registration.waiting;
    if (!registration.active && coming) await activation(coming);
    return registration;
  }
  async function hasOurs(registration, base) {
    if (scripts(registration).every((script) => script.startsWith(base))) return true;
    const { active } = await activated(registration);
    return Boolean(active && await greet(active));
  }
  function scripts({ active, waiting, installing }) {
    return [active, waiting, installing].filter((worker) => worker !== null).map(({ scriptURL }) => scriptURL);
  }
  function warn(scope, base) {
    console.warn(
      `django-bgsync: ${scope} has a service worker of its own, so items are sent while a page is open. Add this line to it: importScripts(${JSON.stringify(`${base}worker.js`)});`
    );
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

  // src/page/registration.ts
  var FORECASTS = { granted: "granted", prompt: "granted", denied: "denied" };
  var REFUSALS = { NotAllowedError: "denied", UnknownError: "disabled" };
  var WorkerRegistration = class {
    constructor(runtime, worker, updates) {
      this.runtime = runtime;
      this.worker = worker;
      this.updates = updates;
      this.starting = null;
      this.registration = null;
      this.known = { worker: "none", sync: "unsupported" };
    }
    start() {
      return this.starting ??= this.prepare();
    }
    /** Register the worker, unless the site has another one at that scope. */
    async prepare() {
      try {
        const { registration, isForeign } = await findWorker(this.worker, this.runtime.config.base);
        if (isForeign) this.known.worker = "foreign";
        else if (registration) this.take(registration);
      } catch (error) {
        console.warn("django-bgsync: no service worker, items are sent while a page is open.", error);
      }
      if (this.registration?.sync) this.known.sync = FORECASTS[await permission("background-sync")] ?? "unsupported";
      await this.remember().catch(() => void 0);
    }
    take(registration) {
      this.registration = registration;
      this.known.worker = "ours";
      this.updates.watch(registration);
    }
    async capabilities() {
      await this.starting;
      const pendingSyncTags = await this.registration?.sync?.getTags() ?? [];
      return { ...this.known, ...await survey(this.runtime.locks), pendingSyncTags };
    }
    /** For the worker, which cannot find out by itself. */
    async remember() {
      const capabilities = { ...this.known, ...await survey(this.runtime.locks) };
      const { appVersion } = this.runtime;
      await this.runtime.db.write((tx) => changeDevice(tx, { capabilities, ...appVersion && { app_version: appVersion } }));
    }
    /** Ask the browser to wake the worker for these tags, as soon as there is a network. */
    async arm(tags) {
      const sync = (await this.active())?.sync;
      if (!sync || REFUSED.has(this.known.sync)) return;
      const failed = await this.failedTags(sync);
      const { failed_at } = await this.runtime.db.read(readDevice);
      const mayFollow = !navigator.onLine || isPast(failed_at + PAUSE, this.runtime.now());
      const before = this.known.sync;
      for (const tag of tags) {
        const browserTag = nextBrowserTag(tag, failed, mayFollow);
        if (browserTag) this.known.sync = await granted(sync, browserTag);
      }
      if (this.known.sync !== before) await this.remember();
    }
    /** Have the worker flush in our stead. False if there is none. */
    handOver() {
      const worker = this.registration?.active;
      worker?.postMessage({ bgsync: 1, type: "flush" });
      return Boolean(worker);
    }
    /** `navigator.serviceWorker.ready` would wait for ever where the install fails. */
    async active() {
      await this.starting;
      const registration = this.registration && await activated(this.registration);
      return registration?.active ? registration : null;
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
  var REFUSED = /* @__PURE__ */ new Set(["denied", "disabled"]);
  async function granted(sync, tag) {
    try {
      await sync.register(tag);
      return "granted";
    } catch (error) {
      return REFUSALS[error.name] ?? "unsupported";
    }
  }

  // src/page/status-element.ts
  function defineStatusElement(bgsync) {
    customElements.define("bgsync-status", class extends HTMLElement {
      constructor() {
        super(...arguments);
        this.refresh = () => void this.show();
      }
      connectedCallback() {
        for (const type of TELLING) bgsync.addEventListener(type, this.refresh);
        this.refresh();
      }
      disconnectedCallback() {
        for (const type of TELLING) bgsync.removeEventListener(type, this.refresh);
      }
      async show() {
        const counts = await bgsync.counts().catch(() => null);
        const text = counts ? describe(this.dataset, bgsync.connection, counts) : "";
        if (text !== this.textContent) this.textContent = text;
      }
    });
  }
  var TELLING = ["change", "connection"];
  function describe(texts, connection, counts) {
    const way = connection === "online" ? counts.blocked > 0 && texts["blocked"] : texts[connection];
    const sentences = [
      [way, counted(texts, "pending", counts.pending)].filter(Boolean).join(", "),
      counts.sending > 0 && texts["sending"],
      counted(texts, "parked", counts.parked)
    ];
    return sentences.filter(Boolean).join(" · ");
  }
  function counted(texts, name, count) {
    if (!count) return "";
    const category = new Intl.PluralRules(document.documentElement.lang || void 0).select(count);
    const text = texts[name + capital(category)] ?? texts[`${name}Other`] ?? "";
    return text.replace("{count}", String(count));
  }
  function capital(word) {
    return word.charAt(0).toUpperCase() + word.slice(1);
  }

  // src/page/triggers.ts
  var SOONEST = 1e3;
  var LATEST = 36e5;
  var LOOKED_AT2 = 500;
  var Triggers = class {
    constructor(runtime, session, flusher, registration) {
      this.runtime = runtime;
      this.session = session;
      this.flusher = flusher;
      this.registration = registration;
      this.flushing = null;
      this.pending = /* @__PURE__ */ new Set();
      this.checking = null;
      this.scheduling = null;
      this.hasStarted = false;
      this.spokeAt = -Infinity;
      this.isStale = false;
      this.asked = 0;
      this.askedAt = 0;
    }
    start() {
      this.hasStarted = true;
      addEventListener("online", () => this.resume("online"));
      document.addEventListener("visibilitychange", () => {
        if (document.visibilityState === "visible") this.resume("visible");
      });
      this.resume("load");
    }
    /** Ask again whose session it is: somebody may have signed in or out, and requests prove it in another way. */
    ask(trigger = "login") {
      this.session.isConfirmed = false;
      if (this.hasStarted) void this.resume(trigger);
    }
    /** The user of this page has written something. */
    enqueued(tag) {
      attempt(() => this.registration.arm([tag]));
      void this.flush("enqueue");
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
      if (trigger !== "timer") attempt(() => this.rearm());
      return attempt(async () => {
        if (!await this.needsSession(trigger)) return this.flush(trigger);
        const change = await this.check();
        const isLogin = Boolean(change?.released.length);
        if (change) return this.flush(isLogin ? "login" : trigger);
        return this.schedule();
      });
    }
    /** Not more often than now and then: a server may contradict itself. */
    speakUp() {
      const { headers, now } = this.runtime;
      if (!headers || now() < this.spokeAt + LATEST) return;
      this.spokeAt = now();
      this.ask();
    }
    check() {
      this.checking ??= this.session.run().finally(() => this.checking = null);
      return this.checking;
    }
    async loop() {
      await this.checking;
      for (const trigger of this.pending) {
        this.pending.delete(trigger);
        await attempt(() => this.flusher.offer({ trigger }));
      }
    }
    async needsSession(trigger) {
      if (!this.session.isConfirmed || trigger === "manual") return true;
      return trigger !== "timer" && (await this.counts()).blocked > 0;
    }
    async rearm() {
      const queued = await this.runtime.db.read(async (tx) => inState(tx, (await readDevice(tx)).owner, "queued", LOOKED_AT2));
      if (queued.length) await this.registration.arm(new Set(queued.map(({ tag }) => tag)));
    }
    /** Set the timer anew, once for all the changes that come while it is being set. */
    schedule() {
      if (this.flushing) return;
      this.isStale = true;
      this.scheduling ??= attempt(() => this.setTimer()).finally(() => this.scheduling = null);
    }
    async setTimer() {
      const { db, now } = this.runtime;
      let at = Infinity;
      while (this.isStale) {
        this.isStale = false;
        at = Math.min(await db.read((tx) => this.dueAt(tx)), await this.askAt());
      }
      clearTimeout(this.timer);
      if (at === Infinity) return;
      this.timer = setTimeout(() => this.wake(), Math.min(LATEST, Math.max(SOONEST, at - now())));
    }
    wake() {
      this.askedAt = this.runtime.now();
      this.asked += 1;
      this.resume("timer");
    }
    async dueAt(tx) {
      const device = await readDevice(tx);
      const queued = await inState(tx, device.owner, "queued", LOOKED_AT2);
      const sending = await inState(tx, device.owner, "sending", LOOKED_AT2);
      const checkAt = this.session.isConfirmed ? Infinity : device.next_try;
      return Math.min(checkAt, dueAt(queued, device), ...sending.map((item) => item.lease_until));
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
  function dueAt(queued, device) {
    const heads = queued.filter((item, i) => !item.lane || queued.findIndex(({ lane }) => lane === item.lane) === i);
    const first = Math.min(...heads.map((item) => Math.max(item.next_try, item.not_before)));
    return Math.max(first, device.not_before, device.next_try);
  }
  async function attempt(work) {
    try {
      await work();
    } catch (error) {
      console.warn("django-bgsync:", error);
    }
  }

  // src/page/updates.ts
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
    /** Switch to it. False if there is none; it is up to the caller to load the pages anew. */
    async apply() {
      const waiting = this.registration?.waiting;
      if (!waiting) return false;
      const switched = new Promise((resolve) => {
        waiting.addEventListener("statechange", () => {
          if (waiting.state === "activated" || waiting.state === "redundant") resolve(waiting.state === "activated");
        });
      });
      waiting.postMessage({ bgsync: 1, type: "update" });
      return switched;
    }
    /** Every new worker is installed for a moment; one that will not wait, or is not ours, is nobody's concern. */
    async look(worker) {
      if (this.registration?.active && (await greet(worker))?.waits && worker.state === "installed") this.found();
    }
  };

  // src/page/start.ts
  function start(texts) {
    const config = readConfig(texts);
    const csrfCookie = () => readCookie(config.csrfCookie);
    const announcer = new Announcer(hear);
    const runtime = {
      config,
      context: "page",
      instance: uuid4(),
      version: "",
      appVersion: config.appVersion,
      db: new Database(),
      locks: navigator.locks,
      fetch: (url, init) => fetch(url, init),
      csrfCookie: async () => csrfCookie(),
      announce: (...announcements2) => announcer.announce(...announcements2),
      now: () => Date.now(),
      random: () => Math.random(),
      timeout: 3e4
    };
    const session = new SessionCheck(runtime, runtime.instance);
    const outbox = new Outbox(runtime.db, runtime.now);
    const receipts = new Receipts(runtime, outbox);
    const updates = new Updates(() => bgsync.dispatchEvent(new Event("update")));
    const registration = new WorkerRegistration(runtime, config.worker, updates);
    const flusher = new Flusher(runtime, session);
    const persistence = new Persistence(() => registration.remember());
    const triggers = new Triggers(runtime, session, flusher, registration);
    const lastFlush = new LastFlush(runtime, session);
    const reach = new Connection(() => bgsync.dispatchEvent(connectionEvent(bgsync)));
    const activated2 = activation2();
    const parts = { runtime, outbox, session, receipts, triggers, flusher, lastFlush, persistence, registration, updates, reach, activated: activated2 };
    const bgsync = new Bgsync(parts);
    function hear(announcement) {
      if (announcement.type === "reached") reach.hear(announcement.reached);
      for (const part of [receipts, triggers, lastFlush]) part.hear(announcement);
      const event = eventOf(announcement);
      if (event) bgsync.dispatchEvent(event);
    }
    function leave2() {
      if (!lastFlush.isNeedless && !registration.handOver()) lastFlush.run(csrfCookie() ?? session.knownToken);
      announcer.close();
    }
    function comeBack({ persisted }) {
      if (!persisted) return;
      announcer.open();
      hear({ type: "owner" });
      hear({ type: "change" });
      triggers.ask("visible");
    }
    defineStatusElement(bgsync);
    watchLogoutForms((pending) => bgsync.logout({ pending }));
    void activated2.then(async () => {
      announcer.open();
      reach.start();
      addEventListener("pagehide", leave2);
      addEventListener("pageshow", comeBack);
      await scripts2();
      void registration.start();
      triggers.start();
    });
    return bgsync;
  }
  function activation2() {
    if (!document.prerendering) return Promise.resolve();
    return new Promise((resolve) => document.addEventListener("prerenderingchange", () => resolve(), { once: true }));
  }
  function scripts2() {
    if (document.readyState === "complete") return Promise.resolve();
    const ready = (target, type) => new Promise((resolve) => target.addEventListener(type, resolve, { once: true }));
    return Promise.race([ready(document, "DOMContentLoaded"), ready(window, "load")]);
  }
  function connectionEvent(bgsync) {
    return new CustomEvent("connection", { detail: { connection: bgsync.connection } });
  }

  // src/page/index.ts
  window.bgsync ??= start(document.currentScript?.dataset ?? {});
})();
