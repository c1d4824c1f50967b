// The posts page with JavaScript: posts go into the outbox, and the list shows what still waits there.
// Without it, or where the outbox cannot be used, the same form is posted the ordinary way.

const STATES = {queued: "pending", sending: "pending", accepted: "pending", blocked: "blocked", parked: "parked"};

const form = document.getElementById("post-form");
const posts = document.getElementById("posts");
const news = document.getElementById("news");
const template = document.getElementById("post-template");
const timeOfDay = new Intl.DateTimeFormat(undefined, {timeStyle: "short"});
const dateAndTime = new Intl.DateTimeFormat(undefined, {dateStyle: "medium", timeStyle: "short"});

const closing = new WeakSet();

const rowOf = (id) => posts.querySelector(`[data-id="${CSS.escape(id)}"]`);

function showTime(element, date) {
    element.dateTime = date.toISOString();
    const isToday = date.toDateString() === new Date().toDateString();
    element.textContent = (isToday ? timeOfDay : dateAndTime).format(date);
}

// Only this page has the picture itself; one that is opened later shows it when it has been sent.
const pictures = new Map();

function addRow(item) {
    const row = template.content.firstElementChild.cloneNode(true);
    row.dataset.id = item.id;
    row.querySelector(".post-text").textContent = item.payload.text;
    showTime(row.querySelector("time"), new Date(item.createdAt));
    const picture = pictures.get(item.id);
    if (picture) showPicture(row, picture);
    row.querySelector(".thanks").hidden = false;
    posts.prepend(row);
    return row;
}

function showPicture(row, file) {
    const image = row.querySelector(".post-photo");
    image.addEventListener("load", () => URL.revokeObjectURL(image.src), {once: true});
    image.src = URL.createObjectURL(file);
    image.hidden = false;
}

function fileList(...files) {
    const transfer = new DataTransfer();
    for (const file of files.filter(Boolean)) transfer.items.add(file);
    return transfer.files;
}

function setState(row, state) {
    if (row.dataset.state === state) return;
    row.dataset.state = state;
    news.textContent = news.dataset[state];
}

function show(item) {
    const row = rowOf(item.id) ?? addRow(item);
    if (row.dataset.state === "sent") return;  // the server has rendered it; this device has yet to hear of it
    row.querySelector(".reason").textContent = reasonOf(item);
    setState(row, STATES[item.state]);
}

function reasonOf(item) {
    const problem = item.result?.problem;
    return Object.values(problem?.errors ?? {}).flat().join(" ") || (problem?.detail ?? "");
}

// What left the outbox was sent, or discarded here or in another tab. (Or another user has signed in: then the answer waits.)
async function close(row) {
    if (closing.has(row)) return;
    closing.add(row);
    const result = await bgsync.settled(row.dataset.id);
    if (result.status === "applied") setState(row, "sent");
    else row.remove();
}

async function reconcile() {
    const waiting = await bgsync.list({tag: "post"});
    waiting.sort((a, b) => (a.id < b.id ? -1 : 1));  // ids rise with time, and each new row goes on top
    for (const item of waiting) show(item);
    const open = new Set(waiting.map((item) => item.id));
    for (const row of posts.querySelectorAll("[data-state]:not([data-state=sent])")) {
        if (!open.has(row.dataset.id)) close(row);
    }
    await showKeptThanks();
}

const thanksFor = (id) => posts.dataset.thanks.replace("00000000-0000-0000-0000-000000000000", id);

function showThanks(button, isThanked) {
    if ((button.getAttribute("aria-pressed") === "true") === isThanked) return;
    button.setAttribute("aria-pressed", isThanked);
    const count = button.querySelector("span");
    count.textContent = Number(count.textContent) + (isThanked ? 1 : -1);
}

// The server does not know of them yet.
async function showKeptThanks() {
    const kept = await bgsync.list({tag: "http:captured"});
    const paths = new Set(kept.filter(({state}) => state !== "parked").map(({payload}) => payload.path));
    for (const button of posts.querySelectorAll(".thanks")) {
        if (paths.has(thanksFor(button.closest("[data-id]").dataset.id))) showThanks(button, true);
    }
}

// A request as any page makes it, and this code need not know of the outbox: where nobody answers, the service worker keeps it.
async function thank(button) {
    if (button.getAttribute("aria-pressed") === "true") return;
    showThanks(button, true);
    const headers = {"X-CSRFToken": form.elements.csrfmiddlewaretoken.value};
    try {
        const response = await fetch(thanksFor(button.closest("[data-id]").dataset.id), {method: "POST", headers});
        if (!response.ok) throw new Error(response.statusText);
        news.textContent = news.dataset[response.headers.get("X-BGSync") === "queued" ? "thankedLater" : "thanked"];
    } catch {
        showThanks(button, false);
        news.textContent = news.dataset.notThanked;
    }
}

let running = false;
let again = false;

// One pass at a time: an older answer must not overwrite a newer one.
async function refresh() {
    again = true;
    if (running) return;
    running = true;
    try {
        while (again) {
            again = false;
            await reconcile();
        }
    } catch (error) {
        console.warn("The outbox cannot be read:", error);  // where it never can, nothing waits in it either
    } finally {
        running = false;
    }
}

async function publish(event) {
    event.preventDefault();
    const {text, photo} = form.elements;
    const written = text.value;
    const picture = photo.files[0];
    form.reset();  // before waiting, so that a second press has nothing left to send
    text.focus();
    try {
        const {id} = await bgsync.enqueue("post", {text: written}, {files: picture ? {photo: picture} : {}});
        pictures.set(id, picture);
        const row = rowOf(id);  // the outbox tells of the item before we hear of it
        if (row && picture) showPicture(row, picture);
    } catch {
        text.value = written;
        photo.files = fileList(picture);
        form.submit();
    }
    await refresh();
}

async function act(event) {
    const button = event.target.closest("[data-action]");
    if (!button) return;
    const {action} = button.dataset;
    if (action === "thank") return thank(button);
    const row = event.target.closest("[data-id]");
    const {id} = row.dataset;
    try {
        await (action === "retry" ? bgsync.retry(id) : bgsync.discard(id));
        form.elements.text.focus();  // the button is gone
        await refresh();
    } catch (error) {
        row.querySelector(".reason").textContent = error.message;
    }
}

for (const time of posts.querySelectorAll("time")) showTime(time, new Date(time.dateTime));

if (window.bgsync) {
    form.querySelector("[data-needs-outbox]").hidden = false;
    form.addEventListener("submit", publish);
    posts.addEventListener("click", act);
    for (const button of posts.querySelectorAll(".thanks")) button.hidden = false;
    bgsync.addEventListener("change", refresh);
    refresh();
}
