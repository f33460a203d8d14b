import unittest

from audit.trail import appended, entry_of, in_order, is_order_id, moment

ORDER = "0198c0ffee"


def event(kind="order.confirmed", **more):
    return {"id": f"{ORDER}.{kind}", "type": kind, "source": "orders", "time": "2026-01-02T03:04:05Z", "data": {"orderId": ORDER}, **more}


class TrailTests(unittest.TestCase):
    def test_an_event_is_appended_once_whatever_comes_between(self):
        first, second = entry_of(event(), "order.confirmed"), entry_of(event("stock.reserved"), "stock.reserved")
        trail = appended(appended(None, first), second)

        self.assertIs(trail, appended(trail, first))
        self.assertIs(trail, appended(trail, {**first, "id": "another"}))
        self.assertEqual([first, second], trail["entries"])

    def test_the_given_trail_is_left_as_it_is(self):
        trail = appended(None, entry_of(event(), "order.confirmed"))
        appended(trail, entry_of(event("stock.reserved"), "stock.reserved"))

        self.assertEqual(1, len(trail["entries"]))

    def test_entries_go_by_time_then_by_stage_then_as_they_came(self):
        def entry(kind, time, number):
            return {"id": str(number), "type": kind, "time": time}

        came = [
            entry("order.confirmed", "2026-01-02T03:04:06Z", 1),
            entry("payment.authorized", "2026-01-02T03:04:05Z", 2),
            entry("payment.requested", "2026-01-02T05:04:05+02:00", 3),
            entry("order.submitted", "2026-01-02T03:04:04.9999999Z", 4),
            entry("stock.reserved", "soon", 5),
        ]

        self.assertEqual(["4", "3", "2", "1", "5"], [found["id"] for found in in_order(came)])

    def test_the_token_of_a_payment_is_not_kept(self):
        entry = entry_of(event("payment.requested", data={"orderId": ORDER, "amount": 5, "paymentToken": "tok_ok"}), "payment.requested")

        self.assertEqual({"orderId": ORDER, "amount": 5}, entry["data"])

    def test_what_is_no_event_about_an_order_is_none(self):
        wrong = [
            None, [], "text", {}, event("stock.reserved"), event(data="text"), event(data={}), event(data={"orderId": "a||b"}),
            event(data={"orderId": 5}), event(id=""), event(id=None),
        ]

        self.assertEqual([None] * len(wrong), [entry_of(each, "order.confirmed") for each in wrong])

    def test_ids_of_orders_may_be_part_of_a_key(self):
        self.assertTrue(is_order_id("0198-C0ffee"))
        self.assertFalse(any(is_order_id(text) for text in ("", "a" * 65, "a|", "a/b", "a\n", None)))

    def test_times_of_all_zones_compare(self):
        self.assertEqual(moment("2026-01-02T03:04:05Z"), moment("2026-01-02t04:04:05.000+01:00"))
        self.assertLess(moment("2026-01-02T03:04:05.1Z"), moment("2026-01-02T03:04:05.123456789Z"))
        self.assertLess(moment("2026-01-02T03:04:05Z"), moment("2026-13-02T03:04:05Z"))
