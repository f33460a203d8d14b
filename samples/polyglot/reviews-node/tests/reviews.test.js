import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KEPT, Reviews, readReview } from '../src/reviews.js';
import { Memory } from './memory.js';

const review = (customerId, rating = 5, text = 'good') => ({ customerId, rating, text });

test('a customer has one review of a product, the last', async () => {
  const reviews = new Reviews(new Memory());
  assert.equal((await reviews.write('tea', review('ann', 5))).created, true);
  assert.equal((await reviews.write('tea', review('bob', 2))).created, true);
  assert.equal((await reviews.write('tea', review('ann', 4))).created, false);

  const tea = await reviews.of('tea');

  assert.deepEqual(tea.reviews.map(({ customerId, rating }) => [customerId, rating]), [['ann', 4], ['bob', 2]]);
  assert.deepEqual([tea.count, tea.average], [2, 3]);
});

test('the same review again changes nothing, its time included', async () => {
  const memory = new Memory();
  let hour = 0;
  const reviews = new Reviews(memory, () => new Date(Date.UTC(2026, 0, 1, hour++)));
  const first = await reviews.write('tea', review('ann'));
  const second = await reviews.write('tea', review('ann'));

  assert.deepEqual(second, { review: first.review, created: false });
  assert.equal(memory.writes, 1);
});

test('of two customers at once both are heard', async () => {
  const memory = new Memory();
  const reviews = new Reviews(memory);
  memory.interfere = () => reviews.write('tea', review('bob'));
  await reviews.write('tea', review('ann'));

  assert.equal((await reviews.of('tea')).count, 2);
});

test('the oldest reviews give way', async () => {
  const reviews = new Reviews(new Memory());
  for (let customer = 0; customer <= KEPT; customer++) await reviews.write('tea', review(`c${customer}`));

  const tea = await reviews.of('tea');

  assert.equal(tea.count, KEPT);
  assert.equal(tea.reviews.at(-1).customerId, 'c1');
});

test('a product without reviews has no average', async () => {
  assert.deepEqual(await new Reviews(new Memory()).of('tea'), { sku: 'tea', count: 0, average: null, reviews: [] });
});

test('everything wrong with a review is told by field', () => {
  assert.deepEqual(readReview({ ...review('ann'), more: 1 }), { review: review('ann'), errors: {} });
  assert.deepEqual(Object.keys(readReview({ customerId: ' ', rating: 5.5, text: 'x'.repeat(1001) }).errors), ['customerId', 'rating', 'text']);
  for (const body of [null, [], 'text', 5]) assert.deepEqual(Object.keys(readReview(body).errors), ['']);
  for (const rating of [0, 6, '5', null, undefined]) assert.deepEqual(Object.keys(readReview(review('ann', rating ?? null)).errors), ['rating']);
});
