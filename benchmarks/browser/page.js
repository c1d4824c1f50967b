// What the benchmark does in a page of the measured site. Each function resolves with figures.
const LOCK = "bgsync:flush";  // whoever holds it keeps the outbox from being sent

/** Put so many items of 300 bytes into our outbox while nothing may be sent, then send them all. */
async function drainOurs(count, tag) {
    await bgsync.flush();
    const payload = {text: "x".repeat(288)};
    let release;
    await new Promise((held) => navigator.locks.request(LOCK, () => new Promise((done) => { release = done; held(); })));
    const fillStarted = performance.now();
    await Promise.all(Array.from({length: count}, () => bgsync.enqueue(tag, payload)));
    const fill = performance.now() - fillStarted;
    const {pending} = await bgsync.counts();
    const drained = empty();
    const started = performance.now();
    release();
    bgsync.flush();
    await drained;
    return {milliseconds: performance.now() - started, fill, pending};
}

async function empty() {
    while ((await bgsync.counts()).pending) await new Promise((resume) => bgsync.addEventListener("change", resume, {once: true}));
}

/** The same through Workbox's Queue, one item at a time, as it works. */
async function drainWorkbox(count, headers) {
    const {active} = await navigator.serviceWorker.ready;
    const ask = (message) => new Promise((resolve) => {
        const {port1, port2} = new MessageChannel();
        port1.onmessage = ({data}) => resolve(data);
        active.postMessage(message, [port2]);
    });
    const items = Array.from({length: count}, () => ({id: crypto.randomUUID(), payload: {text: "x".repeat(288)}}));
    const {milliseconds: fill, left: pending} = await ask({work: "fill", items, headers});
    const {milliseconds, left} = await ask({work: "drain"});
    if (left) throw new Error(`${left} items are left in Workbox's queue`);
    return {milliseconds, fill, pending};
}

/** Milliseconds of `enqueue` and of one bare put with the same durability, in turns each when nothing else is going on. */
async function enqueueBesidePut(count, tag) {
    const payload = {text: "x".repeat(288)};
    const database = await new Promise((resolve) => {
        const request = indexedDB.open("bare", 1);
        request.onupgradeneeded = () => request.result.createObjectStore("items", {autoIncrement: true});
        request.onsuccess = () => resolve(request.result);
    });
    const put = () => new Promise((resolve, reject) => {
        const transaction = database.transaction("items", "readwrite", {durability: "strict"});
        transaction.objectStore("items").put({id: crypto.randomUUID(), tag, payload});
        transaction.oncomplete = resolve;
        transaction.onabort = reject;
    });
    const figures = {enqueue: [], put: []};
    for (let turn = 0; turn < count; turn += 1) {
        for (const [name, work] of [["enqueue", () => bgsync.enqueue(tag, payload)], ["put", put]]) {
            await empty();
            await new Promise((resume) => setTimeout(resume, 50));
            const started = performance.now();
            await work();
            figures[name].push(performance.now() - started);
        }
    }
    await empty();
    return figures;
}
