"""What is kept of an order: one document, `trail-{order}`, with one entry per event."""

import re
from datetime import datetime, timezone
from typing import Any, Dict, List, Optional

from .sidecar import Sidecar

# Where a type stands in the life of an order: the times of events are whole seconds, in which a whole order may be done.
TOPICS: Dict[str, List[str]] = {
    "orders": ["order.submitted", "order.confirmed", "order.cancelled"],
    "stock": ["stock.reserved", "stock.rejected"],
    "payments": ["payment.requested", "payment.authorized", "payment.declined"],
}
STAGES = {
    "order.submitted": 0,
    "stock.reserved": 1,
    "stock.rejected": 1,
    "payment.requested": 2,
    "payment.authorized": 3,
    "payment.declined": 3,
    "order.confirmed": 4,
    "order.cancelled": 4,
}

# A trail is read by many, for years.
SECRET = {"paymentToken"}

TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", re.IGNORECASE)


class Trails:
    def __init__(self, sidecar: Sidecar) -> None:
        self._sidecar = sidecar

    def append(self, entry: Dict[str, Any], order_id: str) -> None:
        """Makes the entry durable. Killed in between, it is handed the event again and finds it there."""
        self._sidecar.update(key_of(order_id), lambda trail: appended(trail, entry))

    def of(self, order_id: str) -> Optional[List[Dict[str, Any]]]:
        """The entries as things happened; None when nothing is known of the order."""
        trail, _ = self._sidecar.read(key_of(order_id))
        return None if trail is None else in_order(trail["entries"])


def key_of(order_id: str) -> str:
    return f"trail-{order_id}"


def is_order_id(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9A-Za-z-]{1,64}", value) is not None


def entry_of(event: Any, kind: str) -> Optional[Dict[str, Any]]:
    """What the trail keeps of a CloudEvent of that type; None when it is none, or not about an order."""
    if not isinstance(event, dict) or not isinstance(event.get("data"), dict) or event.get("type") != kind:
        return None
    data = event["data"]
    if not is_order_id(data.get("orderId")) or not isinstance(event.get("id"), str) or not event["id"]:
        return None
    return {
        "id": event["id"],
        "type": kind,
        "source": event.get("source"),
        "time": event.get("time"),
        "data": {name: value for name, value in data.items() if name not in SECRET},
    }


def appended(trail: Optional[Dict[str, Any]], entry: Dict[str, Any]) -> Dict[str, Any]:
    """The trail with the entry; the very trail that is given when it has the event already."""
    entries = trail["entries"] if trail else []
    # A type occurs once for an order. An event from an outbox that was filled twice comes under two ids, and is still one fact.
    if trail and any(known["id"] == entry["id"] or known["type"] == entry["type"] for known in entries):
        return trail
    return {"entries": [*entries, entry]}


def in_order(entries: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """By time, then by stage, then as they came: topics do not wait for each other."""
    return sorted(entries, key=lambda entry: (moment(entry["time"]), STAGES[entry["type"]]))


def moment(text: Any) -> datetime:
    """A time of RFC 3339; one that cannot be read is later than all others."""
    found = TIME.fullmatch(text) if isinstance(text, str) else None
    if not found:
        return datetime.max.replace(tzinfo=timezone.utc)
    whole, fraction, zone = found.groups()
    try:
        # Written out, because older versions take neither a Z nor any number of digits.
        return datetime.fromisoformat(f"{whole}.{(fraction or '0')[:6]:0<6}{'+00:00' if zone in 'Zz' else zone}")
    except ValueError:
        return datetime.max.replace(tzinfo=timezone.utc)
