import http.client
import json
import threading
import unittest
from contextlib import contextmanager, redirect_stderr
from io import StringIO

from audit.api import Api
from audit.server import MAX_BODY, Server
from audit.sidecar import Unavailable
from audit.trail import Trails

ORDER = "0198c0ffee"


class Memory:
    """A sidecar's state, as `Sidecar` gives it."""

    def __init__(self):
        self.documents = {}
        self.fails = False

    def read(self, key):
        return self.documents.get(key), "1"

    def update(self, key, decide):
        if self.fails:
            raise Unavailable("the store is away")
        self.documents[key] = decide(self.documents.get(key))
        return self.documents[key]


class ServerTests(unittest.TestCase):
    def setUp(self):
        self.memory = Memory()

    @contextmanager
    def serving(self, token=None):
        with redirect_stderr(StringIO()), Server(0, Api(Trails(self.memory)), token) as server:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
            try:
                yield connection
            finally:
                connection.close()
                server.shutdown()

    def ask(self, connection, method, path, body=None, headers=None, chunked=False):
        connection.request(method, path, body, headers or {}, encode_chunked=chunked)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def test_events_become_the_trail_of_their_order(self):
        with self.serving() as connection:
            statuses = [self.ask(connection, "POST", f"/events/{kind}", event(kind)) for kind in ("order.confirmed", "order.submitted", "order.confirmed")]
            status, trail = self.ask(connection, "GET", f"/audit/{ORDER}?x=1")

        self.assertEqual([(200, {"status": "SUCCESS"})] * 3, statuses)
        self.assertEqual((200, ORDER), (status, trail["orderId"]))
        self.assertEqual(["order.submitted", "order.confirmed"], [entry["type"] for entry in trail["entries"]])

    def test_a_body_in_chunks_is_read_too(self):
        text = event("order.submitted").encode()
        with self.serving() as connection:
            answer = self.ask(connection, "POST", "/events/order.submitted", iter([text[:7], text[7:]]), {"transfer-encoding": "chunked"}, chunked=True)

        self.assertEqual((200, {"status": "SUCCESS"}), answer)

    def test_an_event_waits_for_a_store_that_is_away(self):
        self.memory.fails = True
        with self.serving() as connection:
            self.assertEqual((200, {"status": "RETRY"}), self.ask(connection, "POST", "/events/order.submitted", event("order.submitted")))

    def test_what_can_never_be_handled_is_dropped(self):
        for body in ("", "{", "[]", '{"data":NaN}', "[" * 100_000, "x" * (MAX_BODY + 1)):
            with self.subTest(body[:20]), self.serving() as connection:
                self.assertEqual((200, {"status": "DROP"}), self.ask(connection, "POST", "/events/order.submitted", body))

    def test_unknown_orders_and_paths_are_problems(self):
        with self.serving() as connection:
            for method, path in (("GET", f"/audit/{ORDER}"), ("GET", "/audit/%7C%7C"), ("GET", "/"), ("POST", "/events/other"), ("POST", "/audit/x")):
                self.assertEqual(404, self.ask(connection, method, path)[0], path)

    def test_only_who_shows_the_token_is_let_in(self):
        with self.serving(token="secret") as connection:
            self.assertEqual(401, self.ask(connection, "GET", "/dapr/subscribe")[0])
            self.assertEqual(401, self.ask(connection, "GET", "/dapr/subscribe", headers={"dapr-api-token": "Secret"})[0])
            self.assertEqual(200, self.ask(connection, "GET", "/dapr/subscribe", headers={"dapr-api-token": "secret"})[0])


def event(kind):
    return json.dumps({"id": f"{ORDER}.{kind}", "type": kind, "time": "2026-01-02T03:04:05Z", "data": {"orderId": ORDER}})
