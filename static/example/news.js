// The news page with JavaScript: what this device has of the feed, offline too, and a switch for keeping it up to date.
// Without it the page shows what the server has.

const FEED = "latest-news";
const form = document.getElementById("feed-form");
const list = document.getElementById("articles");
const template = document.getElementById("article-template");
const asOf = document.getElementById("as-of");
const state = document.getElementById("periodic-state");
const dateAndTime = new Intl.DateTimeFormat(undefined, {dateStyle: "medium", timeStyle: "short"});

function rowOf(article) {
    const row = template.content.firstElementChild.cloneNode(true);
    row.dataset.id = article.id;
    const link = row.querySelector("a");
    link.textContent = article.title;
    link.href = article.url;
    row.querySelector(".post-text").textContent = article.text;
    const time = row.querySelector("time");
    time.dateTime = article.published_at;
    time.textContent = dateAndTime.format(new Date(article.published_at));
    return row;
}

async function show() {
    const {items, updatedAt} = await bgsync.feed(FEED).read();
    asOf.textContent = updatedAt ? `${asOf.dataset.known} ${dateAndTime.format(new Date(updatedAt))}` : asOf.dataset.unknown;
    if (!updatedAt) return;  // what the server has rendered is better than nothing
    const newestFirst = [...items].sort((a, b) => b.published_at.localeCompare(a.published_at));
    list.replaceChildren(...newestFirst.map(rowOf));
}

async function keep() {
    const isOn = form.elements.periodic.checked;
    form.elements.unmetered.disabled = !isOn;
    const network = form.elements.unmetered.checked ? "unmetered" : "any";
    if (!isOn) await bgsync.periodic.unregister(FEED);
    state.textContent = state.dataset[isOn ? await bgsync.periodic.register(FEED, {network}) : "off"];
}

form.addEventListener("change", keep);
form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await bgsync.feed(FEED).refresh();
    await show();
});
bgsync.addEventListener("feed", ({detail}) => detail.name === FEED && show());

await show();
const known = (await bgsync.periodic.list()).find(({name}) => name === FEED);
form.elements.periodic.checked = known !== undefined;
form.elements.unmetered.checked = known?.network !== "any";
form.elements.unmetered.disabled = !known;
state.textContent = state.dataset[known ? known.state : "off"];
form.hidden = false;
