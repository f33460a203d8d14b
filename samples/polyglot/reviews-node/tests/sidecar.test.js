import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { Sidecar, Unavailable } from '../src/sidecar.js';

/** A sidecar that answers what it is told, one answer after the other, and notes what it was asked. */
async function withSidecar(answers, use) {
  const asked = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    asked.push({ method: request.method, url: request.url, token: request.headers['dapr-api-token'], body: body && JSON.parse(body) });
    const answer = answers.shift();
    if (!answer) return request.destroy();
    response.writeHead(answer.status, answer.etag ? { etag: answer.etag } : {});
    response.end(answer.body);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  try {
    await use(new Sidecar(server.address().port, 'secret'));
  } finally {
    server.close();
    server.closeAllConnections();
  }

  return asked;
}

const some = { status: 200, etag: '7', body: '{"n":1}' };
const none = { status: 204 };
const conflict = { status: 409, body: '{}' };
const next = (document) => ({ n: (document?.n ?? 0) + 1 });

test('a document is written under the ETag that was read', async () => {
  const asked = await withSidecar([some, none], async (sidecar) => assert.deepEqual(await sidecar.update('a/b', next), { n: 2 }));

  assert.deepEqual(asked.map(({ method, url, token }) => [method, url, token]), [['GET', '/v1.0/state/statestore/a%2Fb', 'secret'], ['POST', '/v1.0/state/statestore', 'secret']]);
  assert.deepEqual(asked[1].body, [{ key: 'a/b', value: { n: 2 }, options: { concurrency: 'first-write' }, etag: '7' }]);
});

test('a document that is not there is inserted, unless somebody else was faster', async () => {
  const asked = await withSidecar([none, conflict, some, none], async (sidecar) => assert.deepEqual(await sidecar.update('k', next), { n: 2 }));

  assert.deepEqual(asked[1].body, [{ key: 'k', value: { n: 1 }, options: { concurrency: 'first-write' } }]);
  assert.equal(asked[3].body[0].etag, '7');
});

test('a write whose outcome is unknown is decided again', async () => {
  const written = { status: 200, etag: '8', body: '{"done":true}' };
  await withSidecar([none, { status: 500, body: 'cut' }, written], async (sidecar) =>
    assert.deepEqual(await sidecar.update('k', (document) => (document?.done ? document : { done: true })), { done: true }));
});

test('a store in trouble is unavailable', async () => {
  await withSidecar([none, { status: 500 }, none, { status: 500 }], (sidecar) => assert.rejects(sidecar.update('k', next), Unavailable));
  await withSidecar([{ status: 500, body: 'away' }], (sidecar) => assert.rejects(sidecar.read('k'), /500: away/));
  await withSidecar([], (sidecar) => assert.rejects(sidecar.read('k'), Unavailable));
  await withSidecar([{ status: 200, body: '{' }], (sidecar) => assert.rejects(sidecar.read('k'), Unavailable));
});
