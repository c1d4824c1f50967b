"""A site of three resources, for testing the harness itself."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORKER = """
self.addEventListener("sync", event => event.waitUntil(
    fetch("/sink/", {method: "POST", body: event.tag}).then(answer => {
        if (!answer.ok) throw new Error(answer.status);
    })
));
"""
PAGE = """<!doctype html><title>stub</title><script>
window.ready = navigator.serviceWorker.register("/worker.js").then(() => navigator.serviceWorker.ready);
</script>"""
RESOURCES = {"/": ("text/html", PAGE), "/worker.js": ("text/javascript", WORKER)}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: StubSite

    def do_GET(self) -> None:
        self._answer(*RESOURCES.get(self.path, ("text/plain", "")))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.received.append(body)
        self._answer("application/json", f'{{"received": "{body}"}}')

    def _answer(self, content_type: str, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Keep quiet."""


class StubSite(ThreadingHTTPServer):
    """Keeps the body of every POST in `received`, in order of arrival."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.received: list[str] = []
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> StubSite:
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
