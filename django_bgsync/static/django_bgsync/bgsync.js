/*! django-bgsync: generated from client/src, do not edit. sha256 ef42b50d6c2fa3112d832e551f78fd166e6155efa1849ebf2a34d3fd20c64df8 */
"use strict";
(() => {
  // src/shared/vocabulary/errors.ts
  var BgsyncError = class extends Error {
    constructor(code, message, options) {
      super(message, options);
      this.code = code;
      this.name = `${code.replace(/(?:^|_)./g, (start2) => start2.slice(-1).toUpperCase())}Error`;
    }
  };
  var QuotaExceededError = class extends BgsyncError {
    constructor(cause) {
      super("quota_exceeded", "The browser has no room left for this site.", { cause });
    }
  };
  var StorageUnavailableError = class extends BgsyncError {
    constructor(cause) {
      super("storage_unavailable", "The browser refuses to store data for this site.", { cause });
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
  var UnavailableError = class extends BgsyncError {
    constructor(part, cause) {
      super("unavailable", `The ${part} cannot be loaded now.`, { cause });
    }
  };
  function translated(error) {
    if (error instanceof BgsyncError) return error;
    const name = error instanceof Error || error instanceof DOMException ? error.name : "";
    if (name === "QuotaExceededError") return new QuotaExceededError(error);
    return STORAGE_FAILURES.has(name) || typeof indexedDB === "undefined" ? new StorageUnavailableError(error) : error;
  }
  var STORAGE_FAILURES = /* @__PURE__ */ new Set([
    "AbortError",
    "InvalidStateError",
    "NotFoundError",
    "SecurityError",
    "TransactionInactiveError",
    "UnknownError"
  ]);

  // src/shared/vocabulary/release.ts
  var RELEASE = false ? "source" : "ef42b50d6c2f";

  // src/page/part-loader.ts
  var PATIENCE = 3e4;
  var PartLoader = class {
    constructor(core, fetch2) {
      this.core = core;
      this.fetch = fetch2;
      this.loading = {};
      this.failures = {};
    }
    load(name) {
      return this.loading[name] ??= this.start(name);
    }
    async start(name) {
      const failures = this.failures[name] ?? 0;
      try {
        const { release, start: start2 } = await inTime(this.fetch(name, failures));
        if (release !== RELEASE) throw new Error("another release: load the page again");
        return start2(this.core);
      } catch (cause) {
        this.failures[name] = failures + 1;
        this.loading[name] = null;
        const error = new UnavailableError(name, cause);
        if (!failures) console.warn("django-bgsync:", error);
        throw error;
      }
    }
  };
  function partAddress(script2, name, retry) {
    return new URL(`${script2?.getAttribute(`data-part-${name}`)}${retry ? `#${retry}` : ""}`, document.baseURI).href;
  }
  function inTime(work) {
    const late = new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), PATIENCE));
    return Promise.race([work, late]);
  }

  // src/shared/outbox/messages.ts
  function news(item) {
    const { id, aliases, tag, lane = "", notify } = item;
    return { id, aliases, tag, lane, ...notify && { notify } };
  }
  function ended(item, status) {
    return { type: "settled", item: news(item), result: { id: item.id, status } };
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
    announce(...announcements) {
      announcements.forEach(this.listener);
      if (announcements.length) this.channel?.postMessage(announcements);
    }
  };

  // src/shared/vocabulary/backoff.ts
  var BASE = 5e3;
  var CAP = 15 * 6e4;
  var FLOOR = 1e3;
  var RETRY_AFTER_CAP = 24 * 36e5;
  function backoff(failures, random) {
    const ceiling = Math.min(CAP, BASE * 2 ** Math.max(0, failures - 1));
    return Math.max(FLOOR, Math.round(random() * ceiling));
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
  async function findOwn(tx, id) {
    const item = await find(tx, id);
    return item?.owner === (await readDevice(tx)).owner ? item : void 0;
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
  function mintId({ clock, answered_at, last_id }, now, last) {
    return mint(last > last_id ? last : last_id, Math.max(now + clock, answered_at));
  }
  async function countItems(tx, owner) {
    const index = tx.objectStore("items").index("state_owner");
    const numbers = await Promise.all(STATES.map((state) => promised(index.count([state, owner]))));
    const counts = Object.fromEntries(STATES.map((state, i) => [state, numbers[i]]));
    return { ...counts, pending: counts.queued + counts.sending + counts.blocked };
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

  // src/shared/outbox/coalescing.ts
  async function supersede(tx, owner, draft, now) {
    const { tag, lane = "", coalesce_key, provisional } = draft;
    if (coalesce_key === void 0) return [];
    const alike = await promised(tx.objectStore("items").index("coalesced").getAll([owner, tag, coalesce_key]));
    const replaced = alike.filter((item) => (item.lane ?? "") === lane && item.send_count === 0 && item.provisional === provisional && (item.state === "queued" || item.state === "blocked"));
    for (const item of replaced) {
      remove(tx, item);
      keepResult(tx, item, { id: item.id, status: "superseded" }, now);
    }
    if (replaced.length) await pruneResults(tx, now);
    return replaced;
  }

  // src/shared/outbox/outbox.ts
  var DROPPED = { quota_exceeded: "quota", too_large: "too_large" };
  var PAGE = 200;
  var DECIDING = ["owner", "answers", "last_id"];
  var Outbox = class {
    constructor(db, now) {
      this.db = db;
      this.now = now;
      /** The id of the item that was written last, "" before the first. */
      this.last = "";
    }
    /** Resolves when the item is committed on this device. Rejects with a BgsyncError otherwise. */
    async add(draft) {
      let id;
      let superseded = [];
      try {
        const item = await this.db.write(async (tx) => {
          const written2 = id && await find(tx, id);
          if (written2) return written2;
          const { seen } = this;
          const compose = (device2) => {
            id = this.last = mintId(device2, this.now(), this.last);
            return newItem(id, device2, draft, this.now());
          };
          const isKnown = seen && (draft.coalesce_key ?? draft.files?.[0]) === void 0;
          const [device, early] = await Promise.all([this.look(tx), isKnown && insert(tx, compose(seen))]);
          const { owner, limits } = device;
          if (draft.bytes > limits.max_item_bytes) throw new TooLargeError("The payload has", draft.bytes, limits.max_item_bytes);
          if (early && DECIDING.every((name) => seen[name] === device[name])) return early;
          if (early) return put(tx, { ...compose(device), seq: (await find(tx, early.id)).seq });
          superseded = await supersede(tx, owner, draft, this.now());
          return insert(tx, compose(device), draft.files);
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
        const { owner } = await this.look(tx);
        const found = [];
        for (let last = 0, isMore = true; isMore && found.length < limit; ) {
          const page = await promised(tx.objectStore("items").getAll(IDBKeyRange.lowerBound(last, true), PAGE));
          found.push(...page.filter((item) => item.owner === owner && matches(item)));
          last = page.at(-1)?.seq ?? last;
          isMore = page.length === PAGE;
        }
        return found.slice(0, limit);
      });
    }
    counts() {
      return this.db.read(async (tx) => countItems(tx, (await this.look(tx)).owner));
    }
    /** How an item ended, as far as this device knows; "open" while it is still in the outbox. */
    settlement(id) {
      return this.db.read(async (tx) => {
        const { owner } = await this.look(tx);
        const item = await find(tx, id);
        if (item) return item.owner === owner && item.state === "parked" && item.result || "open";
        const kept = await promised(tx.objectStore("results").get(id));
        return kept?.owner === owner ? kept.settlement : void 0;
      });
    }
    async look(tx) {
      return this.seen = await readDevice(tx);
    }
    async countDropped(reason) {
      const counted2 = this.db.write(async (tx) => {
        const { dropped } = await readDevice(tx);
        await changeDevice(tx, { dropped: { ...dropped, [reason]: (dropped[reason] ?? 0) + 1 } });
      });
      await counted2.catch(() => void 0);
    }
  };
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

  // src/page/attachments.ts
  var MAX_NAME = 100;
  var EXCESSES = {
    max_files: ["There are", "files"],
    max_file_bytes: ["A file has"],
    max_delivery_file_bytes: ["The files have"]
  };
  async function readAttachments(db, files) {
    const named = Object.entries(files).map(([name, blob]) => {
      const isFine = blob instanceof Blob && name && name.length <= MAX_NAME && !new RegExp("[\\0-\\x1f\\x7f]|\\p{Surrogate}", "u").test(name);
      if (!isFine) throw new TypeError(`bgsync: files.${name} is no Blob, or its name is too long`);
      return { blob, name, filename: blob.name ?? "", type: blob.type, size: blob.size };
    });
    if (named.length) checkSizes(named, (await db.read(readDevice)).limits);
    return Promise.all(named.map(async ({ blob, ...note }) => ({ ...note, content: await read2(blob) })));
  }
  function checkSizes(files, limits) {
    const [limit, count] = excess(files, limits) ?? [];
    if (!limit) return;
    const [what, unit] = EXCESSES[limit];
    throw new TooLargeError(what, count, limits[limit], unit);
  }
  async function read2(blob) {
    try {
      return await blob.arrayBuffer();
    } catch (error) {
      throw new NotSerializableError(error);
    }
  }

  // src/page/draft.ts
  var TAG = /^[a-z0-9][a-z0-9._-]{0,63}$/;
  var OPTIONS2 = /* @__PURE__ */ new Set(["lane", "coalesceKey", "maxAge", "files", "notify"]);
  var MAX_NAME2 = 100;
  var UNSTORABLE = new RegExp("\\0|\\p{Surrogate}", "u");
  function readDraft(tag, payload, options) {
    if (!TAG.test(tag)) throw new TypeError(`bgsync: tag ${JSON.stringify(tag)}: not ${TAG.source}`);
    const unknown = Object.keys(options).find((name) => !OPTIONS2.has(name));
    if (unknown) throw new TypeError(`bgsync: enqueue() knows no option ${JSON.stringify(unknown)}`);
    const text = written(payload);
    const bytes = new TextEncoder().encode(text).length;
    const { lane, coalesceKey: key, maxAge } = options;
    if (!((maxAge ?? 1) > 0)) throw new TypeError("bgsync: maxAge is not positive");
    return {
      tag,
      ...(lane ?? "") !== "" && { lane: readName("lane", lane) },
      payload: JSON.parse(text),
      bytes,
      ...(key ?? null) !== null && { coalesce_key: readName("coalesceKey", key) },
      ...(maxAge ?? null) !== null && { max_age: maxAge },
      ...options.notify && { notify: readNotice(options.notify) }
    };
  }
  function readNotice(notice) {
    const isFine = (value) => value === void 0 || typeof value === "string";
    const { title, body, url } = notice;
    if (!title || ![title, body, url].every(isFine)) throw new TypeError("bgsync: notify needs a title");
    const address = new URL(url ?? "", location.href);
    if (address.origin !== location.origin) throw new TypeError(`bgsync: notify.url ${url} is not of this site`);
    return { title, ...body && { body }, ...url !== void 0 && { url: address.href } };
  }
  function readName(what, name) {
    const isClean = typeof name === "string" && name.length <= MAX_NAME2 && !UNSTORABLE.test(name);
    if (!isClean) throw new TypeError(`bgsync: a ${what} has at most ${MAX_NAME2} characters`);
    return name;
  }
  function written(payload) {
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

  // src/page/item.ts
  function view(item) {
    const { id, tag, lane = "", seq, state, payload, files = [], result } = item;
    const createdAt = new Date(item.created_at).toISOString();
    return { id, tag, lane, seq, state, payload, files, createdAt, sendCount: item.send_count, result };
  }

  // src/page/api.ts
  var Bgsync = class extends EventTarget {
    #inside;
    #before = Promise.resolve();
    /** @internal */
    constructor(inside) {
      super();
      this.#inside = inside;
    }
    /** Rejects with a BgsyncError if the item could not be committed on this device. */
    async enqueue(tag, payload, options = {}) {
      const { runtime, outbox, receipts, activated: activated2 } = this.#inside;
      const draft = readDraft(tag, payload, options);
      draft.files = await this.#inTurn(readAttachments(runtime.db, options.files ?? {}));
      await activated2;
      const written2 = await outbox.add(runtime.isConfirmed ? draft : { ...draft, provisional: runtime.instance });
      void this.#follow(written2);
      const { id } = written2.item;
      return { id, state: "queued", settled: receipts.expect(id) };
    }
    /** How requests prove whose they are, where cookies do not. */
    configure(options) {
      configure(this.#inside.runtime, options);
      this.#inside.triggers.ask();
    }
    /** To be called before the session ends. Resolves with what became of the unsent items. */
    async logout({ pending = "keep" } = {}) {
      return (await this.#inside.engine()).logout(pending);
    }
    /** How an item ended, from any tab and after a reload. Never rejects. */
    settled(id) {
      return this.#inside.receipts.settled(id);
    }
    /** Send now what our own backoff would hold. Resolves when it has been tried. */
    async flush() {
      await this.#inside.activated;
      await this.#inside.triggers.resume("manual");
    }
    /** Resolves when nothing waits to be sent or to be applied; parked items wait for nobody. */
    async idle({ lane } = {}) {
      while (await this.#isWaiting(lane)) {
        await new Promise((resume) => this.addEventListener("change", resume, { once: true }));
      }
    }
    counts() {
      return this.#inside.outbox.counts();
    }
    async get(id) {
      const item = await this.#inside.outbox.get(id);
      return item ? view(item) : null;
    }
    /** In the order they were written. */
    async list({ tag, lane, state, limit } = {}) {
      const matches = (item) => (tag === void 0 || item.tag === tag) && (lane === void 0 || lane === (item.lane ?? "")) && (state === void 0 || item.state === state);
      return (await this.#inside.outbox.list(matches, limit)).map(view);
    }
    /** Try a parked item again. Rejects with NotRetryableError for one that cannot be. */
    async retry(id) {
      const { runtime, engine, triggers } = this.#inside;
      const item = await (await engine()).retry(id);
      runtime.announce({ type: "queued", item: news(item) }, { type: "change" });
      triggers.enqueued(item.tag);
      return view(item);
    }
    /** Rejects with AlreadySentError for an item that the server may hold. */
    async discard(id) {
      await (await this.#inside.engine()).discard(id);
    }
    /** Delete the parked items, or with `all` everything there is. Resolves with how many there were. */
    async clear({ all = false } = {}) {
      return (await this.#inside.engine()).clear(all);
    }
    /** Everything in the outbox as data. */
    async export() {
      return (await this.#inside.engine()).export();
    }
    get connection() {
      return this.#inside.reach.state;
    }
    async capabilities() {
      return (await this.#inside.engine()).capabilities();
    }
    /** Switch to a new worker that waits; load the page anew afterwards. Resolves false if none does. */
    async update() {
      return (await this.#inside.engine()).update();
    }
    feed(name) {
      const { feeds } = this.#inside;
      return {
        read: async () => (await feeds()).read(name),
        refresh: async () => (await feeds()).refresh(name)
      };
    }
    /** Of feeds. */
    get periodic() {
      const { feeds } = this.#inside;
      return {
        register: async (name, options) => (await feeds()).register(name, options),
        unregister: async (name) => (await feeds()).unregister(name),
        list: async () => (await feeds()).list()
      };
    }
    /** What the commit of an item entails. Whoever has waited for the commit alone goes first. */
    async #follow({ item, superseded }) {
      const { runtime, triggers, unsent } = this.#inside;
      await null;
      await null;
      unsent.add(item);
      const old = superseded.map((other) => ended(other, "superseded"));
      runtime.announce(...old, { type: "queued", item: news(item) }, { type: "change" });
      triggers.enqueued(item.tag);
    }
    /** Large files must not let what is enqueued after them overtake. */
    async #inTurn(reading) {
      const before = this.#before;
      this.#before = Promise.allSettled([before, reading]);
      await before;
      return reading;
    }
    async #isWaiting(lane) {
      const isOne = (item) => item.state !== "parked" && (lane === void 0 || lane === (item.lane ?? ""));
      return (await this.#inside.outbox.list(isOne, 1)).length > 0;
    }
  };
  var OF_AN_ITEM = /* @__PURE__ */ new Set(["queued", "blocked", "sent", "parked", "settled"]);
  function eventOf(announcement) {
    if (announcement.type === "change") return new Event("change");
    if (!("item" in announcement) || !OF_AN_ITEM.has(announcement.type)) return null;
    const { type, item: { aliases: _, notify: __, ...item } } = announcement;
    return new CustomEvent(type, { detail: "result" in announcement ? { ...item, result: announcement.result } : item });
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
      this.changed(state);
    }
  };

  // src/page/logout-forms.ts
  var PATIENCE2 = 2e4;
  function watchLogoutForms(logOut) {
    const ready = /* @__PURE__ */ new WeakSet();
    document.addEventListener("submit", (event) => {
      const form = event.target;
      const pending = form.dataset["bgsyncLogout"];
      if (pending === void 0 || event.defaultPrevented || ready.delete(form)) return;
      event.preventDefault();
      const submitter = event.submitter;
      const done = Promise.race([logOut(pending || "keep"), new Promise((resume) => setTimeout(resume, PATIENCE2))]);
      void done.catch((error) => console.warn("django-bgsync:", error)).then(() => {
        ready.add(form);
        form.requestSubmit(submitter);
      }).catch(() => form.submit());
    });
  }

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
    constructor(translated2 = (error) => error) {
      this.translated = translated2;
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
      ended2(() => tx.commit());
      await done;
      return value;
    } catch (error) {
      const cause = tx.error ?? error;
      ended2(() => tx.abort());
      throw cause;
    }
  }
  function ended2(end) {
    try {
      end();
    } catch {
    }
  }

  // src/page/page-database.ts
  var PATIENCE3 = 15e3;
  var SUSPICIOUS = 500;
  var PageDatabase = class extends Database {
    /** `freePages` has the browser let go of pages that it keeps and that were not at rest. */
    constructor(freePages) {
      super(translated);
      this.freePages = freePages;
      this.running = /* @__PURE__ */ new Set();
      /** When the latest transaction ended, or began where there was none. */
      this.movedAt = 0;
      this.watch = (opening) => {
        this.opening = opening;
        setTimeout(() => opening.readyState === "pending" && this.freePages(), SUSPICIOUS);
      };
    }
    /**
     * What is not committed starts afresh when the page is shown again. WebKit would keep the page with its transactions
     * open, Chromium with the one in which the outbox is made, and every other page would wait for them
     * (jakearchibald/idb-keyval#180). Returns whether the page is at rest: what was only asked to open cannot be called off.
     */
    stop() {
      this.stopped = new Promise((resume) => addEventListener("pageshow", resume, { once: true }));
      this.abort();
      ended2(() => this.opening?.transaction?.abort());
      this.current?.close();
      return this.opening?.readyState !== "pending";
    }
    async open() {
      await this.stopped;
      const late = new Promise((_, reject) => setTimeout(() => reject(new DOMException("no answer", "AbortError")), PATIENCE3));
      return this.current = await Promise.race([super.open(), late]);
    }
    begin(handle, mode) {
      const tx = super.begin(handle, mode);
      if (!this.running.size) this.movedAt = performance.now();
      this.running.add(tx);
      this.timer ??= setTimeout(() => this.look(), PATIENCE3);
      const end = () => {
        this.running.delete(tx);
        this.movedAt = performance.now();
      };
      for (const type of ["complete", "abort"]) tx.addEventListener(type, end);
      return tx;
    }
    /**
     * A transaction may wait for others, but not where none of them ends: whoever holds them up may do so for ever. One timer
     * for many of them: to set one is what took longest here.
     */
    look() {
      this.timer = void 0;
      const left = this.movedAt + PATIENCE3 - performance.now();
      if (left <= 0) this.abort();
      else if (this.running.size) this.timer = setTimeout(() => this.look(), left);
    }
    abort() {
      for (const tx of this.running) ended2(() => tx.abort());
    }
  };

  // src/page/receipts.ts
  var Receipts = class {
    /** `ask` the server for what is long gone from this device, while the second argument says that it is still awaited. */
    constructor(outbox, ask) {
      this.outbox = outbox;
      this.ask = ask;
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
        const settlement = await this.outbox.settlement(id) ?? await this.ask(id, () => this.waiting.has(id));
        if (settlement && settlement !== "open") this.settle(id, settlement);
      } catch {
      }
    }
    settle(id, settlement) {
      this.waiting.get(id)?.resolve(settlement);
      this.waiting.delete(id);
    }
  };

  // src/shared/vocabulary/synctags.ts
  var PREFIX = "bgsync:";

  // src/page/worker-search.ts
  var ACTIVATION = 1e4;
  async function findWorker(worker, base) {
    const container = navigator.serviceWorker;
    if (!worker || !container || isEmbedded()) return null;
    const { url, scope } = worker;
    const existing = await container.getRegistration(scope);
    const isTaken = existing?.scope === scope && !(url && comesFrom(existing, (script2) => script2 === url || script2.startsWith(base)));
    return isTaken ? existing : url ? container.register(url, { scope, updateViaCache: "none" }) : null;
  }
  async function activated(registration) {
    const coming = registration.installing ?? registration.waiting;
    if (!registration.active && coming) await activation(coming);
    return registration;
  }
  function comesFrom({ active, waiting, installing }, isRight) {
    return [active, waiting, installing].every((worker) => !worker || isRight(worker.scriptURL));
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

  // src/page/registration.ts
  var REFUSALS = { NotAllowedError: "denied", UnknownError: "disabled" };
  var WorkerRegistration = class {
    constructor(runtime, worker, engine) {
      this.runtime = runtime;
      this.worker = worker;
      this.engine = engine;
      this.known = { worker: "none", sync: null };
      /** Called when what is known has changed. */
      this.changed = () => void 0;
      this.starting = null;
      this.ours = null;
    }
    /** Register the worker, unless the site has another one at that scope. Resolves with the registration if it is ours. */
    start() {
      return this.starting ??= this.find();
    }
    async find() {
      const found = await findWorker(this.worker, this.runtime.config.base).catch((error) => {
        console.warn("django-bgsync: no service worker.", error);
        return null;
      });
      if (!found) return null;
      const isOurs = comesFrom(found, (script2) => script2.startsWith(this.runtime.config.base)) || await this.recognize(found);
      if (isOurs) this.ours = found;
      if (isOurs !== null) this.known.worker = isOurs ? "ours" : "foreign";
      return this.ours;
    }
    /** Null if that cannot be told now: it is looked at again then. */
    async recognize(found) {
      try {
        return await (await this.engine()).recognize(found, this.worker.url);
      } catch {
        this.starting = null;
        return null;
      }
    }
    /** Ask the browser to wake the worker for this tag, as soon as there is a network. */
    async arm(tag) {
      const sync = await this.sync();
      if (!sync) return;
      const { failed_tags } = await this.runtime.db.read(readDevice);
      if (failed_tags.length) await (await this.engine()).arm([tag]);
      else await this.register(sync, PREFIX + tag);
    }
    /** That `sync` is there says nothing: WebView, Electron and Brave have it and refuse. */
    async register(sync, browserTag) {
      const before = this.known.sync;
      this.known.sync = await sync.register(browserTag).then(
        () => "granted",
        (error) => REFUSALS[error.name] ?? "unsupported"
      );
      if (this.known.sync !== before) await this.changed();
    }
    /** Of our active worker, if the browser has it and does not refuse. */
    async sync() {
      const ours = await this.start();
      const registration = ours && await activated(ours);
      const hasRefused = this.known.sync === "denied" || this.known.sync === "disabled";
      return registration?.active && !hasRefused ? registration.sync : void 0;
    }
    /** Have the worker flush in our stead. False if there is none. */
    handOver() {
      const worker = this.ours?.active;
      worker?.postMessage({ bgsync: 1, type: "flush" });
      return Boolean(worker);
    }
  };

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
        const text = counts ? describe((name) => this.getAttribute(`data-${name}`), bgsync.connection, counts) : "";
        if (text !== this.textContent) this.textContent = text;
      }
    });
  }
  var TELLING = ["change", "connection"];
  function describe(texts, connection, counts) {
    const way = connection === "online" ? counts.blocked > 0 && texts("blocked") : texts(connection);
    const sentences = [
      [way, counted(texts, "pending", counts.pending)].filter(Boolean).join(", "),
      counts.sending > 0 && texts("sending"),
      counted(texts, "parked", counts.parked)
    ];
    return sentences.filter(Boolean).join(" · ");
  }
  function counted(texts, name, count) {
    if (!count) return void 0;
    const category = new Intl.PluralRules(document.documentElement.lang.replace("_", "-") || void 0).select(count);
    return (texts(`${name}-${category}`) ?? texts(`${name}-other`))?.replace("{count}", String(count));
  }

  // src/shared/context/attempts.ts
  async function attempt(work) {
    try {
      await work();
    } catch (error) {
      console.warn("django-bgsync:", error);
    }
  }

  // src/page/triggers.ts
  var Triggers = class {
    constructor(runtime, registration, engine) {
      this.runtime = runtime;
      this.registration = registration;
      this.engine = engine;
      this.hasStarted = false;
      this.failures = 0;
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
      this.runtime.isConfirmed = false;
      if (this.hasStarted) void this.resume(trigger);
    }
    /** The user of this page has written something. */
    enqueued(tag) {
      attempt(() => this.registration.arm(tag));
      void this.use((engine) => engine.flush("enqueue"));
    }
    /** Something has changed outside. Resolves when a flush has been tried. */
    resume(trigger) {
      return this.use((engine) => engine.resume(trigger));
    }
    /** Without the engine the server is as far away as without a network, and is tried again like that. */
    async use(work) {
      clearTimeout(this.timer);
      try {
        await work(await this.engine());
        this.failures = 0;
      } catch {
        this.failures += 1;
        this.timer = setTimeout(() => this.resume("timer"), backoff(this.failures, this.runtime.random));
      }
    }
  };

  // src/page/unsent.ts
  var Unsent = class {
    constructor() {
      this.byId = /* @__PURE__ */ new Map();
    }
    get items() {
      return [...this.byId.values()];
    }
    add(item) {
      this.byId.set(item.id, item);
    }
    hear(announcement) {
      if (announcement.type === "owner") this.byId.clear();
      else if ("item" in announcement && announcement.type !== "queued") this.byId.delete(announcement.item.id);
    }
  };

  // src/page/start.ts
  function start(texts, fetchPart) {
    const config = readConfig(texts);
    const csrfCookie = () => readCookie(config.csrfCookie);
    const announcer = new Announcer(hear);
    const db = new PageDatabase(() => runtime.announce({ type: "change" }));
    const runtime = {
      config,
      context: "page",
      instance: uuid4(),
      version: "",
      appVersion: config.appVersion,
      db,
      locks: navigator.locks,
      fetch: (url, init) => fetch(url, init),
      csrfCookie: async () => csrfCookie(),
      announce: (...announcements) => announcer.announce(...announcements),
      now: () => Date.now(),
      random: () => Math.random(),
      isConfirmed: false,
      timeout: 3e4
    };
    const listeners = /* @__PURE__ */ new Set();
    const outbox = new Outbox(runtime.db, runtime.now);
    const receipts = new Receipts(outbox, async (id, isAwaited) => (await engine()).resultOf(id, isAwaited));
    const unsent = new Unsent();
    const registration = new WorkerRegistration(runtime, config.worker, engine);
    const triggers = new Triggers(runtime, registration, engine);
    const reach = new Connection((connection) => bgsync.dispatchEvent(new CustomEvent("connection", { detail: { connection } })));
    const activated2 = activation2();
    const bgsync = new Bgsync({
      runtime,
      outbox,
      receipts,
      triggers,
      unsent,
      engine,
      feeds,
      reach,
      activated: activated2
    });
    const core = {
      runtime,
      outbox,
      unsent,
      registration,
      api: bgsync,
      listen: (listener) => void listeners.add(listener),
      part: (name) => parts.load(name)
    };
    const parts = new PartLoader(core, fetchPart);
    let running = null;
    async function engine() {
      const loaded = await parts.load("engine").catch((error) => {
        reach.hear("nobody");
        throw error;
      });
      if (!running) receipts.lookAgain();
      return running = loaded;
    }
    async function feeds() {
      await activated2;
      return parts.load("feeds");
    }
    function hear(announcement) {
      if (announcement.type === "reached") reach.hear(announcement.reached);
      for (const part of [receipts, unsent]) part.hear(announcement);
      for (const listener of listeners) listener(announcement);
      const event = eventOf(announcement);
      if (event) bgsync.dispatchEvent(event);
    }
    function leave({ persisted }) {
      if (unsent.items.length && !registration.handOver()) running?.leave(csrfCookie());
      const isAtRest = !persisted || db.stop();
      if (isAtRest) announcer.close();
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
      addEventListener("pagehide", leave);
      addEventListener("pageshow", comeBack);
      await scripts();
      void registration.start();
      triggers.start();
      if (document.querySelector("[data-bgsync-inspector]")) await parts.load("inspector").catch(() => void 0);
    });
    return bgsync;
  }
  function activation2() {
    if (!document.prerendering) return Promise.resolve();
    return new Promise((resolve) => document.addEventListener("prerenderingchange", () => resolve(), { once: true }));
  }
  function scripts() {
    if (document.readyState === "complete") return Promise.resolve();
    const ready = (target, type) => new Promise((resolve) => target.addEventListener(type, resolve, { once: true }));
    return Promise.race([ready(document, "DOMContentLoaded"), ready(window, "load")]);
  }

  // src/page/index.ts
  var script = document.currentScript;
  window.bgsync ??= start(script?.dataset ?? {}, async (name, retry) => await import(partAddress(script, name, retry)));
})();
