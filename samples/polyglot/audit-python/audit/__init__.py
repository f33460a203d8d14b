"""The audit trail of the shop: every fact about an order, once, in the order in which things happened."""
