"""Dapr's state API on this app's sidecar."""

import http.client
import json
from typing import Any, Callable, Optional, Tuple
from urllib.parse import quote

ATTEMPTS = 50
TIMEOUT_SECONDS = 10


class Unavailable(Exception):
    """The state store could not be used; the same request may succeed later."""


class Sidecar:
    """Documents that are read, decided upon and written under their ETags."""

    def __init__(self, port: int, token: Optional[str] = None, store: str = "statestore") -> None:
        self._port = port
        self._path = f"/v1.0/state/{store}"
        self._headers = {"dapr-api-token": token} if token else {}

    def read(self, key: str) -> Tuple[Any, str]:
        """The document and its ETag; None when there is none."""
        status, etag, body = self._send("GET", f"{self._path}/{quote(key, safe='')}")
        if status == 204:
            return None, ""
        if status != 200:
            raise refusal(status, body)
        return json.loads(body), etag

    def update(self, key: str, decide: Callable[[Any], Any]) -> Any:
        """
        Reads the document and lets `decide` say what it should be; writes that under the ETag read, and starts over when somebody
        else wrote first. A write whose outcome is unknown counts as failed: decisions must recognise what they have already done,
        and return the document itself when nothing is to be written.
        """
        failure = None
        for _ in range(ATTEMPTS):
            document, etag = self.read(key)
            following = decide(document)
            if following is document:
                return document
            try:
                if self._write(key, following, etag):
                    return following
                failure = None
            except Unavailable as unknown:
                # Written or not: the next read tells. Two such failures in a row mean that the store is in trouble.
                if failure:
                    raise
                failure = unknown
        raise failure or Unavailable(f"{key} changed under each of {ATTEMPTS} attempts to write it")

    def _write(self, key: str, value: Any, etag: str) -> bool:
        """False when the document is not the one that was read."""
        # First-write without an ETag means: only if absent. With one it makes some backends refuse all later writes without any.
        item = {"key": key, "value": value, "options": {"concurrency": "first-write"}}
        if etag:
            item["etag"] = etag
        status, _, body = self._send("POST", self._path, json.dumps([item]))
        if status == 409:
            return False
        if not 200 <= status < 300:
            raise refusal(status, body)
        return True

    def _send(self, method: str, path: str, body: Optional[str] = None) -> Tuple[int, str, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_SECONDS)
        try:
            headers = {**self._headers, **({"content-type": "application/json"} if body else {})}
            connection.request(method, path, body.encode() if body else None, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheader("etag") or "", answer.read()
        except (OSError, http.client.HTTPException) as failure:
            raise Unavailable(f"the sidecar does not answer: {failure!r}") from failure
        finally:
            connection.close()


def refusal(status: int, body: bytes) -> Unavailable:
    return Unavailable(f"the sidecar answers {status}: {body[:500].decode(errors='replace')}")
