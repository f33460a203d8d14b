/**
 * Who has bought what. Two documents: `order-{id}` collects what the events tell of one order, and `buyer-{customer}` lists the
 * products of confirmed orders. Neither event is relied upon to come first, or once.
 */
export class Purchases {
  #state;

  constructor(state) {
    this.#state = state;
  }

  /** Makes the event durable. Killed in between, it is handed the event again, finds it absorbed, and goes on to the buyer. */
  async absorb(type, event) {
    const order = await this.#state.update(`order-${event.orderId}`, (known) => absorbed(known, type, event));
    if (isPurchase(order)) await this.#state.update(buyerKey(order.customerId), (buyer) => granted(buyer, order.skus));
  }

  async mayReview(customerId, sku) {
    const { document } = await this.#state.read(buyerKey(customerId));
    return document?.skus.includes(sku) ?? false;
  }
}

/** The order with what the event adds; the very order that is known when it adds nothing. */
export function absorbed(known, type, event) {
  const order = known ?? { customerId: event.customerId, skus: null, confirmed: false };
  if (type === 'order.submitted' && order.skus === null) return { ...order, skus: [...new Set(event.lines.map((line) => line.sku))] };
  if (type === 'order.confirmed' && !order.confirmed) return { ...order, confirmed: true };
  return order;
}

export const isPurchase = (order) => order.confirmed && order.skus !== null;

/** The buyer with these products; the very buyer that is known when none is new. */
export function granted(buyer, skus) {
  const known = buyer?.skus ?? [];
  const fresh = skus.filter((sku) => !known.includes(sku));
  return fresh.length === 0 && buyer !== null ? buyer : { skus: [...known, ...fresh] };
}

/** Whether the data is what an event of that type carries. */
export function isOrderEvent(type, data) {
  return (
    typeof data?.orderId === 'string' &&
    /^[0-9A-Za-z-]{1,64}$/.test(data.orderId) &&
    isText(data.customerId) &&
    (type !== 'order.submitted' || (Array.isArray(data.lines) && data.lines.every((line) => isText(line?.sku))))
  );
}

// A lone surrogate is no text: it cannot be encoded, so no key can be made of it.
const isText = (value) => typeof value === 'string' && value.length > 0 && !/\p{Surrogate}/u.test(value);

// Encoded, because a customer may be called anything, and Dapr wants no || in a key.
const buyerKey = (customerId) => `buyer-${encodeURIComponent(customerId)}`;
