import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { routes } from '../src/api.js';
import { handler, MAX_BODY } from '../src/http.js';
import { Purchases } from '../src/purchases.js';
import { Reviews } from '../src/reviews.js';
import { Unavailable } from '../src/sidecar.js';
import { Memory } from './memory.js';

/** `ask(method, path, body, headers)` gives status and JSON. */
async function withService(use, { memory = new Memory(), token } = {}) {
  const server = createServer(handler(routes(new Purchases(memory), new Reviews(memory)), token));
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  try {
    await use(async (method, path, body, headers) => {
      const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      const answer = await fetch(`http://127.0.0.1:${server.address().port}${path}`, { method, body: text, headers });
      return { status: answer.status, json: await answer.json(), headers: answer.headers };
    });
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const submitted = { data: { orderId: 'o1', customerId: 'ann', lines: [{ sku: 'green tea' }] } };
const confirmed = { data: { orderId: 'o1', customerId: 'ann' } };
const review = { customerId: 'ann', rating: 5, text: 'good' };

test('only a buyer reviews, and everybody reads', () =>
  withService(async (ask) => {
    assert.equal((await ask('POST', '/reviews/green%20tea', review)).status, 403);
    assert.deepEqual((await ask('POST', '/events/order.submitted', submitted)).json, { status: 'SUCCESS' });
    assert.deepEqual((await ask('POST', '/events/order.confirmed', confirmed)).json, { status: 'SUCCESS' });

    const written = await ask('POST', '/reviews/green%20tea', review);
    assert.deepEqual([written.status, written.headers.get('location')], [201, '/reviews/green%20tea']);
    assert.equal((await ask('POST', '/reviews/green%20tea', review)).status, 200);
    assert.equal((await ask('GET', '/reviews/green%20tea')).json.count, 1);
  }));

test('what can never be handled is dropped', () =>
  withService(async (ask) => {
    for (const body of ['', '{', '[]', 'null', { data: 5 }, 'x'.repeat(MAX_BODY + 1)])
      assert.deepEqual((await ask('POST', '/events/order.submitted', body)).json ?? {}, { status: 'DROP' }, JSON.stringify(body).slice(0, 20));
  }));

test('an event waits for a store that is away, and a customer is told', async () => {
  const away = { read: async () => { throw new Unavailable('away'); }, update: async () => { throw new Unavailable('away'); } };
  await withService(async (ask) => {
    assert.deepEqual((await ask('POST', '/events/order.confirmed', confirmed)).json, { status: 'RETRY' });
    const refused = await ask('POST', '/reviews/tea', review);
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
  }, { memory: away });
});

test('bad requests are problems', () =>
  withService(async (ask) => {
    assert.deepEqual(Object.keys((await ask('POST', '/reviews/tea', {})).json.errors), ['customerId', 'rating', 'text']);
    assert.equal((await ask('POST', '/reviews/tea', '{')).status, 400);
    assert.equal((await ask('POST', '/reviews/tea', 'x'.repeat(MAX_BODY + 1))).status, 413);
    assert.equal((await ask('GET', '/reviews/%ff')).status, 404);
    assert.equal((await ask('GET', '/nothing')).status, 404);
    const wrong = await ask('DELETE', '/reviews/tea');
    assert.deepEqual([wrong.status, wrong.headers.get('content-type')], [405, 'application/problem+json']);
  }));

test('only who shows the token is let in', () =>
  withService(async (ask) => {
    assert.equal((await ask('GET', '/dapr/subscribe')).status, 401);
    assert.equal((await ask('GET', '/dapr/subscribe', undefined, { 'dapr-api-token': 'Secret' })).status, 401);
    assert.equal((await ask('GET', '/dapr/subscribe', undefined, { 'dapr-api-token': 'secret' })).status, 200);
  }, { token: 'secret' }));
