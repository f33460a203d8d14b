import { isOrderEvent } from './purchases.js';
import { isSku, readReview } from './reviews.js';
import { Problem } from './http.js';
import { Unavailable } from './sidecar.js';

const EVENTS = ['order.submitted', 'order.confirmed'];

const SUBSCRIPTIONS = [
  {
    pubsubname: 'pubsub',
    topic: 'orders',
    // Without a default route: what no rule matches is acknowledged unseen.
    routes: { rules: EVENTS.map((type) => ({ match: `event.type == "${type}"`, path: `/events/${type}` })) },
  },
];

/** @returns {{method: string, path: RegExp, answer: Function}[]} `answer(request, ...groups of path)` gives status, body and headers. */
export function routes(purchases, reviews) {
  return [
    { method: 'GET', path: /^\/dapr\/subscribe$/, answer: () => ({ status: 200, body: SUBSCRIPTIONS }) },
    { method: 'POST', path: /^\/events\/(order\.submitted|order\.confirmed)$/, answer: (request, type) => receive(request, type, purchases) },
    { method: 'POST', path: /^\/reviews\/([^/]+)$/, answer: (request, sku) => write(request, sku, purchases, reviews) },
    { method: 'GET', path: /^\/reviews\/([^/]+)$/, answer: async (_, sku) => ({ status: 200, body: await reviews.of(known(sku)) }) },
  ];
}

/** SUCCESS once the effect is durable; RETRY brings the event back; DROP is for what can never be handled. */
async function receive(request, type, purchases) {
  let data;
  try {
    data = (await request.json())?.data;
  } catch (unreadable) {
    if (!(unreadable instanceof Problem)) throw unreadable;
    return dropped(type, unreadable.message);
  }

  if (!isOrderEvent(type, data)) return dropped(type, 'its data is not that of an order');
  try {
    await purchases.absorb(type, data);
    return { status: 200, body: { status: 'SUCCESS' } };
  } catch (failure) {
    if (!(failure instanceof Unavailable)) throw failure;
    console.warn(`${type} of order ${data.orderId} is to come again: ${failure.message}`);
    return { status: 200, body: { status: 'RETRY' } };
  }
}

function dropped(type, reason) {
  console.error(`an event ${type} is dropped: ${reason}`);
  return { status: 200, body: { status: 'DROP' } };
}

async function write(request, segment, purchases, reviews) {
  const sku = known(segment);
  const { review, errors } = readReview(await request.json());
  if (!review) throw new Problem(400, 'The review is not valid', 'See errors.', { errors });
  if (!(await purchases.mayReview(review.customerId, sku)))
    throw new Problem(403, 'Not a buyer', `Customer '${review.customerId}' has no confirmed order of '${sku}'.`);
  const written = await reviews.write(sku, review);
  return { status: written.created ? 201 : 200, body: written.review, headers: written.created ? { location: `/reviews/${encodeURIComponent(sku)}` } : {} };
}

function known(segment) {
  try {
    const sku = decodeURIComponent(segment);
    if (isSku(sku)) return sku;
  } catch {
    // Not UTF-8: no product has such a name.
  }

  throw new Problem(404, 'No such product', 'No product has such a name.');
}
