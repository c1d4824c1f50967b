// SERVICE_WORKER["ENABLED"] is False{% if lifecycle %}: this worker takes the place of the former one and removes itself.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(remove()));

async function remove() {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith("bgsync")).map((name) => caches.delete(name)));
    await self.registration.unregister();
}
{% else %}: nothing here.
{% endif %}
