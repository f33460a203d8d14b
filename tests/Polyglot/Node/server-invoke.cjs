// Invocations, from the HTTP API (whatever the server speaks) and from the SDK's own client.
'use strict';
const { address, assert, both, check, dapr, failureOf, grpc, http, stage } = require('./checks.cjs');
const { server } = require('./server.cjs');

const { HttpMethod } = dapr;
/** The error class that the SDK's server knows, from the package that it has itself. */
const { ConnectError } = require(require.resolve('@connectrpc/connect', { paths: [require.resolve('@dapr/dapr')] }));
const verbs = [HttpMethod.GET, HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH, HttpMethod.DELETE];

/** Calls through the sidecar. */
async function call(method, path, { body, headers } = {}) {
  const response = await fetch(address('server', `/v1.0/invoke/server/method/${path}`), { method: method.toUpperCase(), body, headers });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

const json = (value) => ({ body: JSON.stringify(value), headers: { 'content-type': 'application/json' } });

module.exports.listen = async () => {
  for (const method of verbs) {
    await server.invoker.listen('verb', async (content) => ({ method, ...content }), { method });
  }
  await server.invoker.listen('orders/new', async ({ body }) => ({ body }), { method: HttpMethod.POST });
  await server.invoker.listen('length', async ({ body }) => ({ length: body.length }), { method: HttpMethod.POST });
  await server.invoker.listen('silent', async () => undefined, { method: HttpMethod.POST });
  if (stage.protocol === 'grpc') {
    // Over HTTP the SDK lets such a failure end the process.
    const failing = (error) => async () => {
      throw error;
    };
    await server.invoker.listen('broken', failing(new Error('broken on purpose')), { method: HttpMethod.POST });
    await server.invoker.listen('absent', failing(new ConnectError('nothing here: größer', 5)), { method: HttpMethod.POST });
  }
};

check(both, 'listen: every verb has a listener of its own, which gets body, query and type', async () => {
  for (const method of verbs) {
    const sent = method === HttpMethod.GET ? {} : json({ sent: method });
    const answer = await call(method, 'verb?b=2&a=1&a=%20x', sent);
    assert.equal(answer.status, 200);
    const seen = JSON.parse(answer.text);
    assert.equal(seen.method, method);
    assert.ok(seen.query.endsWith('b=2&a=1&a=%20x'), seen.query);
    if (sent.body) assert.deepEqual([JSON.parse(seen.body), seen.metadata.contentType], [{ sent: method }, 'application/json']);
  }
});

check(http, 'listen: headers come', async () => {
  const { headers } = JSON.parse((await call('post', 'verb', { ...json({}), headers: { 'content-type': 'application/json', 'X-Order': 'one' } })).text);
  assert.deepEqual([headers['x-order'], headers['dapr-caller-app-id'], headers['dapr-callee-app-id']], ['one', 'server', 'server']);
});

check(both, 'listen: the client of the SDK calls a listener', async () => {
  for (const method of verbs) {
    const seen = await server.client.invoker.invoke('server', 'verb', method, method === HttpMethod.GET ? undefined : { by: 'the client' });
    assert.equal(seen.method, method);
    if (method !== HttpMethod.GET) assert.deepEqual(JSON.parse(seen.body), { by: 'the client' });
  }
});

check(both, 'listen: a path of several parts and Unicode work', async () => {
  const { text } = await call('post', 'orders/new', json({ text: 'größer 日本語 😀' }));
  assert.deepEqual(JSON.parse(JSON.parse(text).body), { text: 'größer 日本語 😀' });
});

check(both, 'listen: a body near the limit comes', async () => {
  const value = 'z'.repeat(4 * 1024 * 1024 - 1024);
  const { text } = await call('post', 'length', json([value]));
  assert.equal(JSON.parse(text).length, value.length + '[""]'.length);
});

check(http, 'listen: a listener without a result closes the call in its way', async () => {
  assert.deepEqual(JSON.parse((await call('post', 'silent', json({}))).text), { closed: true });
});

check(grpc, 'listen: a listener without a result gives an empty answer', async () => {
  const { status, text } = await call('post', 'silent', json({}));
  assert.deepEqual([status, text], [200, '']);
});

check(http, 'listen: where nobody listens is the 404 of the app', async () => {
  const { status, text } = await call('post', 'nowhere', json({}));
  assert.equal(status, 404);
  assert.match(text, /Cannot POST \/nowhere/);
});

check(grpc, 'listen: where nobody listens is the empty answer of the SDK', async () => {
  const { status, text } = await call('post', 'nowhere', json({}));
  assert.deepEqual([status, text], [200, '']);
});

check(grpc, 'listen: a listener that throws is an internal failure, or the one that it names, and the body is its status', async () => {
  const broken = await call('post', 'broken', json({}));
  assert.deepEqual([broken.status, broken.type, JSON.parse(broken.text).code], [500, 'application/json', 13]);
  const absent = await call('post', 'absent', json({}));
  const { code, message } = JSON.parse(absent.text);
  assert.deepEqual([absent.status, code, message], [404, 5, 'nothing here: größer']);
});

check(grpc, 'listen: the client of the SDK gets the failure of a listener as it was thrown', async () => {
  const failure = await failureOf(() => server.client.invoker.invoke('server', 'absent', HttpMethod.POST, {}));
  assert.deepEqual([failure.code, failure.message], [5, 'nothing here: größer']);
});

check(grpc, 'listen: results are JSON', async () => {
  assert.equal((await call('post', 'orders/new', json({}))).type, 'application/json');
});
