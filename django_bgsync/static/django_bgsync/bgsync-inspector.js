/*! django-bgsync: generated from client/src, do not edit. sha256 ef42b50d6c2fa3112d832e551f78fd166e6155efa1849ebf2a34d3fd20c64df8 */
// src/shared/context/attempts.ts
async function attempt(work) {
  try {
    await work();
  } catch (error) {
    console.warn("django-bgsync:", error);
  }
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

// src/shared/rows/captured.ts
var BODY = "body";

// src/shared/rows/files.ts
function filesOf({ seq }) {
  return IDBKeyRange.bound([seq], [seq, []]);
}
function readFiles(tx, item) {
  return promised(tx.objectStore("files").getAll(filesOf(item)));
}

// src/shared/vocabulary/backoff.ts
var CAP = 15 * 6e4;
var RETRY_AFTER_CAP = 24 * 36e5;
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

// src/shared/rows/items.ts
var UNSENT = ["queued", "sending", "blocked"];
var STATES = [...UNSENT, "accepted", "parked"];
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
function inState(tx, owner, state, limit) {
  return promised(tx.objectStore("items").index("state_owner").getAll([state, owner], limit));
}
async function countItems(tx, owner) {
  const index = tx.objectStore("items").index("state_owner");
  const numbers = await Promise.all(STATES.map((state) => promised(index.count([state, owner]))));
  const counts = Object.fromEntries(STATES.map((state, i) => [state, numbers[i]]));
  return { ...counts, pending: counts.queued + counts.sending + counts.blocked };
}

// src/page-parts/inspector/contents.ts
var READABLE = /^(text\/|application\/(json|x-www-form-urlencoded|[\w.-]+\+json)\b)/;
function contentsOf(db, id) {
  return db.read(async (tx) => {
    const item = await findOwn(tx, id);
    if (!item) return "";
    const { request, payload } = item;
    if (!request) return JSON.stringify(payload, null, 2);
    const head = [`${request.method} ${request.path}`, ...request.headers.map(([name, value]) => `${name}: ${value}`)];
    const body = (await readFiles(tx, item)).find(({ name }) => name === BODY);
    if (body) head.push("", READABLE.test(body.type) ? new TextDecoder().decode(body.content) : `(${body.type} ${body.size})`);
    return head.join("\n");
  });
}

// src/page-parts/inspector/entry.ts
function entryOf(item, device, now, connection) {
  const { id, state, tag, request, files = [], result } = item;
  const due = dueAt([item, device], now);
  return {
    id,
    state,
    files,
    due,
    title: request ? `${request.method} ${request.path}` : tag,
    written: item.created_at,
    sent: item.send_count,
    code: result?.code ?? item.last_error ?? "",
    reason: reasonOf(result?.problem),
    next: state !== "queued" ? state : connection === "offline" ? "offline" : due ? "later" : "soon",
    mayBeHeld: mayBeHeld(item) && (state === "queued" || state === "blocked"),
    isRetryable: isRetryable(item),
    isDiscardable: !mayBeHeld(item) && state !== "sending"
  };
}
function dueAt(patiences, now) {
  const instants = patiences.flatMap(({ next_try, not_before }) => [next_try, not_before]);
  return Math.max(0, ...instants.filter((instant) => !isPast(instant, now)));
}
function reasonOf(problem) {
  if (!isObject(problem)) return "";
  const { errors, detail } = problem;
  return messages(errors).join(" ") || (typeof detail === "string" ? detail : "");
}
function messages(errors) {
  if (typeof errors === "string") return [errors];
  if (Array.isArray(errors)) return errors.flatMap(messages);
  return isObject(errors) ? Object.entries(errors).flatMap(([field, given]) => messages(given).map((message) => `${field}: ${message}`)) : [];
}
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// src/page-parts/inspector/file.ts
var PATIENCE = 6e4;
function save(exported) {
  const address = URL.createObjectURL(new Blob([JSON.stringify(exported, null, 2)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `outbox-${exported.exportedAt.slice(0, 10)}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), PATIENCE);
}

// src/page-parts/inspector/formats.ts
var UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"];
var Formats = class {
  constructor() {
    this.language = document.documentElement.lang || void 0;
    this.day = new Intl.DateTimeFormat(this.language, { dateStyle: "medium", timeStyle: "short" });
    this.time = new Intl.DateTimeFormat(this.language, { timeStyle: "medium" });
  }
  writeTime(element, instant) {
    if (!(element instanceof HTMLTimeElement)) return;
    const date = new Date(instant);
    const isToday = date.toDateString() === (/* @__PURE__ */ new Date()).toDateString();
    const text = (isToday ? this.time : this.day).format(date);
    element.dateTime = date.toISOString();
    if (element.textContent !== text) element.textContent = text;
  }
  size(bytes) {
    const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
    const unitDisplay = power ? "short" : "long";
    const options = { style: "unit", unit: UNITS[power], unitDisplay, maximumFractionDigits: 1 };
    return new Intl.NumberFormat(this.language, options).format(bytes / 1e3 ** power);
  }
};

// src/page-parts/inspector/markup.ts
function of(root, name) {
  return root.querySelector(`[data-of="${name}"]`);
}
function write(root, name, text) {
  const element = of(root, name);
  if (element && element.textContent !== text) element.textContent = text;
}
function choose(root, kind, value) {
  for (const element of root.querySelectorAll(`[data-${kind}]`)) element.hidden = element.dataset[kind] !== value;
}
function showIf(root, name, isTrue) {
  for (const element of root.querySelectorAll(`[data-if="${name}"]`)) element.hidden = !isTrue;
}
function button(root, action) {
  return root.querySelector(`[data-action="${action}"]`);
}

// src/page-parts/inspector/reading.ts
var OPEN = ["queued", "sending", "accepted"];
function look(db, most) {
  return db.read(async (tx) => {
    const device = await readDevice(tx);
    const counts = await countItems(tx, device.owner);
    const total = counts.pending + counts.accepted + counts.parked;
    const others = await promised(tx.objectStore("items").count()) - total;
    return { items: await first(tx, device.owner, most), counts, total, others, device };
  });
}
async function first(tx, owner, most) {
  const found = [...await inState(tx, owner, "parked", most), ...await inState(tx, owner, "blocked", most)];
  const open = await Promise.all(OPEN.map((state) => inState(tx, owner, state, most)));
  return [...found, ...open.flat().sort((a, b) => a.seq - b.seq)].slice(0, most);
}

// src/page-parts/inspector/report.ts
async function describeBrowser(api, root) {
  const capabilities = Object.entries(await api.capabilities());
  for (const [name, value] of capabilities) {
    const place = root.querySelector(`[data-capability="${name}"]`);
    const given = Array.isArray(value) ? value.join(", ") || "none" : String(value);
    const text = place?.closest("[data-word-true]")?.getAttribute(`data-word-${given}`) ?? given;
    if (place && place.textContent !== text) place.textContent = text;
  }
}

// src/page-parts/inspector/rows.ts
var SHOWN = 2e4;
var Rows = class {
  /** `heading` gets the focus where no row is left for it. */
  constructor(table, template, formats, heading) {
    this.table = table;
    this.template = template;
    this.formats = formats;
    this.heading = heading;
    this.bodies = /* @__PURE__ */ new Map();
  }
  render(entries) {
    const focused = document.activeElement;
    const within = focused && rowOf(focused);
    const place = [...this.table.tBodies].findIndex((body) => body === within);
    const kept = new Set(entries.map(({ id }) => id));
    for (const [id, body] of this.bodies) if (!kept.has(id)) this.remove(id, body);
    entries.forEach((entry, index) => {
      const body = this.bodies.get(entry.id) ?? this.make(entry);
      update(body, entry, this.formats);
      const there = this.table.tBodies[index] ?? null;
      if (there !== body) this.table.insertBefore(body, there);
    });
    if (place >= 0) this.keepFocus(focused, within, place);
  }
  /** Ask before something is deleted; the answer that deletes nothing is at hand. */
  ask(id) {
    const body = this.bodies.get(id);
    if (!body) return;
    of(body, "question").hidden = false;
    button(body, "keep")?.focus();
  }
  forget(id) {
    const body = this.bodies.get(id);
    if (!body || of(body, "question").hidden) return;
    of(body, "question").hidden = true;
    button(body, "discard")?.focus();
  }
  isOpen(id) {
    return !of(this.bodies.get(id), "opened").hidden;
  }
  open(id, contents) {
    const body = this.bodies.get(id);
    if (!body) return;
    button(body, "contents").setAttribute("aria-expanded", String(contents !== null));
    of(body, "opened").hidden = contents === null;
    write(body, "contents", (contents ?? "").slice(0, SHOWN));
    showIf(body, "cut", (contents ?? "").length > SHOWN);
  }
  make({ id, title, files }) {
    const body = this.template.content.querySelector("tbody").cloneNode(true);
    body.dataset["id"] = id;
    write(body, "id", id);
    write(body, "name", title);
    of(body, "name").id = `bgsync-${id}`;
    for (const one of body.querySelectorAll("button")) one.setAttribute("aria-describedby", `bgsync-${id}`);
    if (!navigator.clipboard) button(body, "copy")?.remove();
    for (const { name, filename, size } of files) {
      const line = document.createElement("li");
      const isolated = document.createElement("bdi");
      isolated.textContent = filename || name;
      line.append(isolated, ` ${this.formats.size(size)}`);
      of(body, "files")?.append(line);
    }
    if (!files.length) of(body, "files")?.remove();
    this.bodies.set(id, body);
    return body;
  }
  remove(id, body) {
    this.bodies.delete(id);
    body.remove();
  }
  /** What had it may have gone, or been hidden, or moved, which takes it away too. */
  keepFocus(focused, within, place) {
    if (focused.isConnected && !focused.closest("[hidden]")) return focused.focus({ preventScroll: true });
    const { tBodies } = this.table;
    const row = within.isConnected ? within : tBodies[Math.min(place, tBodies.length - 1)];
    ((row && button(row, "contents")) ?? this.heading)?.focus();
  }
};
function rowOf(element) {
  return element.closest("tbody[data-id]");
}
function update(body, entry, formats) {
  choose(body, "state", entry.state);
  choose(body, "next", entry.next);
  write(body, "code", entry.code);
  write(body, "reason", entry.reason);
  write(body, "sent", String(entry.sent));
  formats.writeTime(of(body, "written"), entry.written);
  if (entry.due) formats.writeTime(of(body, "next"), entry.due);
  for (const [action, isPossible] of [["retry", entry.isRetryable], ["discard", entry.isDiscardable]]) {
    const one = button(body, action);
    if (one) one.hidden = !isPossible;
  }
  if (!entry.isDiscardable) of(body, "question").hidden = true;
  showIf(body, "held", entry.mayBeHeld);
}

// src/page-parts/inspector/serial.ts
function serial(work) {
  let running = null;
  let isWanted = false;
  async function run() {
    try {
      while (isWanted) {
        isWanted = false;
        await work();
      }
    } finally {
      running = null;
    }
  }
  return () => {
    isWanted = true;
    return running ??= run();
  };
}

// src/page-parts/inspector/inspector.ts
var PAGE = 100;
var Inspector = class {
  constructor(core, root) {
    this.core = core;
    this.root = root;
    this.most = PAGE;
    this.busy = /* @__PURE__ */ new Set();
    this.refresh = serial(() => this.show());
    this.report = serial(() => describeBrowser(this.core.api, this.root));
    const find2 = (selector) => root.querySelector(selector);
    this.rows = new Rows(find2("table"), find2("template"), new Formats(), root.querySelector("h1"));
  }
  start() {
    const { api, listen } = this.core;
    listen(({ type }) => {
      if (type === "change" || type === "owner") this.look();
    });
    api.addEventListener("connection", () => this.look());
    this.root.addEventListener("click", ({ target }) => {
      const pressed = target.closest("[data-action]");
      if (pressed) void this.act(pressed.dataset["action"], rowOf(pressed)?.dataset["id"] ?? "");
    });
    this.root.addEventListener("keydown", ({ key, target }) => {
      if (key === "Escape") this.rows.forget(rowOf(target)?.dataset["id"] ?? "");
    });
    this.look();
  }
  look() {
    void attempt(this.refresh);
    void attempt(this.report);
  }
  async show() {
    const snapshot = await look(this.core.runtime.db, this.most).catch(() => null);
    choose(this.root, "when", snapshot ? "read" : "refused");
    if (snapshot) this.fill(snapshot);
  }
  fill({ items, counts, total, others, device }) {
    const { root, core } = this;
    const facts = {
      stranger: !device.owner,
      revoked: device.isRevoked,
      others,
      empty: !total,
      items: total,
      more: total > items.length,
      queued: counts.queued,
      sending: counts.sending,
      accepted: counts.accepted,
      blocked: counts.blocked,
      parked: counts.parked
    };
    for (const [name, fact] of Object.entries(facts)) {
      showIf(root, name, Boolean(fact));
      write(root, name, String(fact));
    }
    this.rows.render(items.map((item) => entryOf(item, device, core.runtime.now(), core.api.connection)));
  }
  async act(action, id) {
    const key = `${action} ${id}`;
    if (this.busy.has(key)) return;
    this.busy.add(key);
    try {
      await this.do(action, id);
    } catch (error) {
      this.say(error.code);
    } finally {
      this.busy.delete(key);
    }
  }
  async do(action, id) {
    const { api, runtime } = this.core;
    switch (action) {
      case "flush":
        this.say("working");
        await api.flush();
        return this.say((await api.counts()).pending ? "waits" : "sent");
      case "export":
        save(await api.export());
        return this.say("exported");
      case "more":
        this.most += PAGE;
        return this.refresh();
      case "copy":
        await navigator.clipboard.writeText(id);
        return this.say("copied");
      case "contents":
        return this.rows.open(id, this.rows.isOpen(id) ? null : await contentsOf(runtime.db, id));
      case "discard":
        return this.rows.ask(id);
      case "keep":
        return this.rows.forget(id);
      case "retry":
        await api.retry(id);
        this.say("retried");
        return this.refresh();
      case "confirm":
        await api.discard(id);
        this.say("discarded");
        return this.refresh();
    }
  }
  /** In the words of the template; for an error that has none of its own, those of any failure. */
  say(what) {
    const said = this.root.getAttribute(`data-said-${what}`) ?? this.root.getAttribute("data-said-failed");
    write(this.root, "said", said ?? "");
  }
};

// src/shared/vocabulary/release.ts
var RELEASE = false ? "source" : "ef42b50d6c2f";

// src/page-parts/inspector/index.ts
function start(core) {
  for (const root of document.querySelectorAll("[data-bgsync-inspector]")) new Inspector(core, root).start();
}
export {
  RELEASE as release,
  start
};
