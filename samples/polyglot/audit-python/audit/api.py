"""The routes: Dapr's subscriptions and events, and the trail itself."""

import json
import sys
from typing import Any, Callable, Dict, List, Tuple
from urllib.parse import unquote

from .sidecar import Unavailable
from .trail import TOPICS, Trails, entry_of, is_order_id

Answer = Tuple[int, Any]

KINDS = {kind for kinds in TOPICS.values() for kind in kinds}


def subscriptions() -> List[Dict[str, Any]]:
    """By type and without a default route: what no rule matches is acknowledged unseen."""
    return [
        {
            "pubsubname": "pubsub",
            "topic": topic,
            "routes": {"rules": [{"match": f'event.type == "{kind}"', "path": f"/events/{kind}"} for kind in kinds]},
        }
        for topic, kinds in TOPICS.items()
    ]


class Api:
    def __init__(self, trails: Trails) -> None:
        self._trails = trails

    def get(self, path: str) -> Answer:
        if path == "/dapr/subscribe":
            return 200, subscriptions()
        if path.startswith("/audit/"):
            return self._trail(unquote(path[len("/audit/"):]))
        return problem(404, "Not found", f"There is nothing at {path}.")

    def post(self, path: str, read: Callable[[], bytes]) -> Answer:
        """`read` gives the body, or raises ValueError when it cannot be had."""
        kind = path[len("/events/"):] if path.startswith("/events/") else ""
        if kind not in KINDS:
            return problem(404, "Not found", f"There is nothing at {path} to post to.")
        return 200, {"status": self._receive(kind, read)}

    def _trail(self, order_id: str) -> Answer:
        entries = self._trails.of(order_id) if is_order_id(order_id) else None
        if entries is None:
            return problem(404, "No such trail", f"Nothing is known of order '{order_id}'.")
        return 200, {"orderId": order_id, "entries": entries}

    def _receive(self, kind: str, read: Callable[[], bytes]) -> str:
        """SUCCESS once the entry is durable; RETRY brings the event back; DROP is for what can never be handled."""
        try:
            entry = entry_of(json.loads(read(), parse_constant=refuse), kind)
        except (ValueError, RecursionError) as unreadable:
            tell(f"an event {kind} is dropped: {unreadable}")
            return "DROP"
        if entry is None:
            tell(f"an event {kind} is dropped: it is not about an order")
            return "DROP"
        order_id = entry["data"]["orderId"]
        try:
            self._trails.append(entry, order_id)
            return "SUCCESS"
        except Unavailable as failure:
            tell(f"{kind} of order {order_id} is to come again: {failure}")
            return "RETRY"


def refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def problem(status: int, title: str, detail: str) -> Answer:
    """Problem details (RFC 9457)."""
    return status, {"title": title, "status": status, "detail": detail}


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
