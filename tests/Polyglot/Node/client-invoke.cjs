// Invocation of the app of the sidecar `target`, which speaks HTTP.
'use strict';
const { assert, both, check, clientOf, dapr, failureOf, fails, grpc, http, stage } = require('./checks.cjs');

const { HttpMethod } = dapr;

const client = clientOf('caller');
const invoke = (path, method, data, options) => client.invoker.invoke('target', path, method, data, options);

check(both, 'invoke: every verb reaches the app, with its body', async () => {
  for (const verb of [HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH, HttpMethod.DELETE]) {
    const seen = await invoke('echo', verb, { verb });
    assert.deepEqual([seen.method, JSON.parse(seen.body), seen.headers['content-type']], [verb.toUpperCase(), { verb }, 'application/json']);
  }
  assert.equal((await invoke('echo', HttpMethod.GET)).method, 'GET');
});

check(both, 'invoke: a path of several parts and Unicode arrive', async () => {
  const seen = await invoke('echo/größe/日本', HttpMethod.POST, { text: 'größer 日本語 😀' });
  assert.deepEqual([seen.path, JSON.parse(seen.body)], ['/echo/größe/日本', { text: 'größer 日本語 😀' }]);
});

check(both, 'invoke: the app is told who calls whom', async () => {
  const { headers } = await invoke('echo', HttpMethod.POST, {});
  assert.deepEqual([headers['dapr-caller-app-id'], headers['dapr-callee-app-id']], ['caller', 'target']);
  assert.match(headers.traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
});

check(http, 'invoke: headers and the query arrive', async () => {
  const seen = await invoke('echo?b=2&a=1&a=%20x', HttpMethod.GET, undefined, { headers: { 'x-order': 'one', 'X-Mixed': 'Case' } });
  assert.equal(seen.query, '?b=2&a=1&a=%20x');
  assert.deepEqual([seen.headers['x-order'], seen.headers['x-mixed']], ['one', 'Case']);
});

check(http, 'invoke: a text and bytes arrive with their types', async () => {
  const text = await invoke('echo', HttpMethod.POST, 'just text');
  assert.deepEqual([text.body, text.headers['content-type']], ['just text', 'text/plain']);
  const bytes = await invoke('echo', HttpMethod.POST, Buffer.from('bytes'));
  assert.deepEqual([bytes.body, bytes.headers['content-type']], ['bytes', 'application/octet-stream']);
});

check(http, 'invoke: an empty answer is an empty text', async () => {
  assert.equal(await invoke('empty', HttpMethod.GET), '');
});

check(grpc, 'invoke: an empty answer is the error that the SDK makes of it', async () => {
  await assert.rejects(invoke('empty', HttpMethod.POST, {}), /COULD_NOT_PARSE_RESULT/);
});

check(both, 'invoke: a body near the limit arrives', async () => {
  const filler = 'z'.repeat(4 * 1024 * 1024 - 1024);
  assert.equal((await invoke('length', HttpMethod.POST, { filler })).length, filler.length + '{"filler":""}'.length);
});

check(both, 'invoke: a status of the app is told as it is', async () => {
  for (const [status, code] of [[400, 13], [401, 16], [403, 7], [404, 5], [409, 6], [418, 2], [429, 8], [500, 2], [501, 12], [503, 14]]) {
    const failure = await failureOf(() => invoke(`status/${status}`, HttpMethod.POST, { a: 1 }));
    if (stage.protocol === 'http') {
      assert.deepEqual([failure.status, failure.why], [status, 'asked for']);
    } else {
      assert.equal(failure.code, code, String(status));
      assert.ok(failure.details.some((detail) => detail.includes('http.code') && detail.includes(String(status)) && detail.includes('asked for')), String(failure.details));
    }
  }
});

check(both, 'invoke: a method that the app has not is its own 404', async () => {
  const failure = await failureOf(() => invoke('nothing', HttpMethod.POST, {}));
  assert.equal(failure.status ?? failure.code, stage.protocol === 'http' ? 404 : 5);
});

check(both, 'invoke: an app that nobody has is a failure of the sidecar', async () => {
  await fails(() => client.invoker.invoke('nobody', 'echo', HttpMethod.POST, {}), {
    http: { status: 500, errorCode: 'ERR_DIRECT_INVOKE' },
    grpc: { code: 13 },
    message: /nobody/,
  });
});
