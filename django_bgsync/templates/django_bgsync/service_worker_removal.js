// SERVICE_WORKER["ENABLED"] is False{% if lifecycle %}: this worker takes the place of the former one and removes itself.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.registration.unregister()));
{% else %}: nothing here.
{% endif %}