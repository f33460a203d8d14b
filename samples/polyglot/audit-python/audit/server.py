"""HTTP/1.1 on the loopback address, a thread per connection."""

import hmac
import json
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, Callable, Optional

from .api import Answer, Api, problem, tell
from .sidecar import Unavailable

# The largest order, fifty lines with long names in any script, has room in it.
MAX_BODY = 256 * 1024


class Server(ThreadingHTTPServer):
    # Connections that are kept open must not keep the process alive.
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, api: Api, token: Optional[str] = None) -> None:
        self.api = api
        self.token = token
        self._changed = threading.Condition()
        self._under_way = 0
        super().__init__(("127.0.0.1", port), Handler)

    def server_bind(self) -> None:
        # HTTPServer would ask for the name of the host, which takes seconds where there is no name service.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address

    def begin(self) -> None:
        with self._changed:
            self._under_way += 1

    def end(self) -> None:
        with self._changed:
            self._under_way -= 1
            self._changed.notify_all()

    def drain(self, seconds: float) -> None:
        """Waits until every request is answered."""
        with self._changed:
            self._changed.wait_for(lambda: self._under_way == 0, seconds)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Longer than a sidecar keeps an idle connection: it must not send on one that is being closed here.
    timeout = 120
    # An answer goes out at once, though its head and its body are two writes.
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        self._serve(lambda: self.server.api.get(self._path()))

    def do_POST(self) -> None:
        self._serve(lambda: self.server.api.post(self._path(), self._body))

    def _serve(self, answer: Callable[[], Answer]) -> None:
        self.server.begin()
        try:
            self._unread = self.headers.get("content-length") not in (None, "0") or "transfer-encoding" in self.headers
            self._send(*self._guarded(answer))
        finally:
            self.server.end()

    def _guarded(self, answer: Callable[[], Answer]) -> Answer:
        try:
            if self.server.token and not hmac.compare_digest(self.headers.get("dapr-api-token", "").encode(), self.server.token.encode()):
                return problem(401, "Unauthorized", "The header dapr-api-token does not carry this service's token.")
            return answer()
        except Unavailable as failure:
            tell(f"{self.requestline}: {failure}")
            return problem(503, "Temporarily unavailable", "The state store cannot be reached; try again.")
        except OSError:
            raise
        except Exception:
            tell(traceback.format_exc())
            return problem(500, "Internal error", "Something went wrong.")

    def _path(self) -> str:
        return self.path.split("?", 1)[0]

    def _body(self) -> bytes:
        if "transfer-encoding" in self.headers:
            body = self._chunks()
        else:
            length = self.headers.get("content-length", "0")
            if not (length.isascii() and length.isdecimal()) or len(length) > 9 or int(length) > MAX_BODY:
                raise ValueError(f"the body has more than {MAX_BODY} bytes, or no length")
            body = self.rfile.read(int(length))
            if len(body) < int(length):
                raise ValueError("the body was cut short")
        self._unread = False
        return body

    def _chunks(self) -> bytes:
        """chunked-body = *( size [ extensions ] CRLF data CRLF ) "0" CRLF trailers CRLF (RFC 9112, section 7.1)."""
        body = b""
        while True:
            size = int(self.rfile.readline(256).split(b";", 1)[0], 16)
            if size < 0 or len(body) + size > MAX_BODY:
                raise ValueError(f"the body has more than {MAX_BODY} bytes")
            if size == 0:
                break
            body += self.rfile.read(size)
            if self.rfile.readline(3) != b"\r\n":
                raise ValueError("the body is not chunked as it should be")
        while self.rfile.readline(8192) not in (b"\r\n", b"\n", b""):
            pass
        return body

    def _send(self, status: int, body: Any) -> None:
        text = json.dumps(body).encode()
        self.send_response_only(status)
        self.send_header("date", self.date_time_string())
        self.send_header("content-type", "application/json" if status < 400 else "application/problem+json")
        self.send_header("content-length", str(len(text)))
        if status == 503:
            self.send_header("retry-after", "1")
        if self._unread:
            # What is left of a body is not read.
            self.send_header("connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """A line per request would hide what matters."""
