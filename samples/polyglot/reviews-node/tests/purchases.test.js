import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Purchases, isOrderEvent } from '../src/purchases.js';
import { Memory } from './memory.js';

const submitted = { orderId: 'o1', customerId: 'ann || co', lines: [{ sku: 'tea' }, { sku: 'mug' }, { sku: 'tea' }] };
const confirmed = { orderId: 'o1', customerId: 'ann || co', total: 5 };

test('a product may be reviewed once its order is confirmed', async () => {
  const purchases = new Purchases(new Memory());
  await purchases.absorb('order.submitted', submitted);
  assert.equal(await purchases.mayReview('ann || co', 'tea'), false);

  await purchases.absorb('order.confirmed', confirmed);

  assert.equal(await purchases.mayReview('ann || co', 'tea'), true);
  assert.equal(await purchases.mayReview('ann || co', 'kettle'), false);
  assert.equal(await purchases.mayReview('bob', 'tea'), false);
});

test('the events of an order may come in any order, and at once', async () => {
  const memory = new Memory();
  const purchases = new Purchases(memory);
  memory.interfere = () => purchases.absorb('order.confirmed', confirmed);
  await purchases.absorb('order.submitted', submitted);

  assert.equal(await purchases.mayReview('ann || co', 'mug'), true);
});

test('an event that comes again writes nothing', async () => {
  const memory = new Memory();
  const purchases = new Purchases(memory);
  for (const times of [1, 2]) {
    await purchases.absorb('order.submitted', submitted);
    await purchases.absorb('order.confirmed', confirmed);
    assert.equal(memory.writes, 3, `after ${times}`);
  }
});

test('a death before the buyer is written is made good by the next delivery', async () => {
  const memory = new Memory();
  const purchases = new Purchases(memory);
  await purchases.absorb('order.submitted', submitted);
  await purchases.absorb('order.confirmed', confirmed);
  memory.documents.delete([...memory.documents.keys()].find((key) => key.startsWith('buyer-')));

  await purchases.absorb('order.confirmed', confirmed);

  assert.equal(await purchases.mayReview('ann || co', 'tea'), true);
});

test('a second order adds to what was bought before', async () => {
  const purchases = new Purchases(new Memory());
  for (const [orderId, sku] of [['o1', 'tea'], ['o2', '__proto__']]) {
    await purchases.absorb('order.submitted', { orderId, customerId: 'ann', lines: [{ sku }] });
    await purchases.absorb('order.confirmed', { orderId, customerId: 'ann' });
  }

  assert.equal(await purchases.mayReview('ann', 'tea'), true);
  assert.equal(await purchases.mayReview('ann', '__proto__'), true);
});

test('only data of an order is an order event', () => {
  assert.equal(isOrderEvent('order.submitted', submitted), true);
  assert.equal(isOrderEvent('order.confirmed', confirmed), true);
  const wrong = [null, 'text', [], {}, { ...confirmed, orderId: 'a||b' }, { ...confirmed, orderId: 5 }, { ...confirmed, customerId: '' }, { ...confirmed, customerId: '\ud800' }];
  for (const data of wrong) assert.equal(isOrderEvent('order.confirmed', data), false, JSON.stringify(data));
  for (const lines of [undefined, {}, [null], [{ sku: 5 }]]) assert.equal(isOrderEvent('order.submitted', { ...submitted, lines }), false, JSON.stringify(lines));
});
