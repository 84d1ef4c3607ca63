"""A camera that sends motion JPEG over HTTP, as cameras of the web do: pictures one after another, without any time."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class WebCamera:
    """Sends JPEG pictures again and again to whoever asks.

    Args:
        pictures: JPEG.
        fps: how many a second.

    Attributes:
        url: where it is.
    """

    def __init__(self, pictures: Sequence[bytes], fps: float) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                begun = time.monotonic()
                try:
                    for n in range(10**6):
                        time.sleep(max(0.0, begun + n / fps - time.monotonic()))
                        picture = pictures[n % len(pictures)]
                        head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                        self.wfile.write(head.encode() + picture + b"\r\n")
                except OSError:
                    pass

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/video"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
