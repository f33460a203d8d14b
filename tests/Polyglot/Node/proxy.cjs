// A service that Dapr does not know, called through sidecars by the header dapr-app-id. The SDK itself has no such client any
// more: its proxy.create only says so. The sidecars `caller` and `target` have tokens, the app of `target` is the Ledger.
'use strict';
const { assert, check, eventually, grpc, healthy, play, stage, within } = require('./checks.cjs');
const { Ledger, cancelled, details, grpcJs, serve } = require('./ledger.cjs');

const clientOf = (id, options) => new Ledger(`127.0.0.1:${stage.sidecars[id].grpc}`, grpcJs.credentials.createInsecure(), options);
const client = clientOf('caller');
const MiB = 1024 * 1024;

function to(appId, more = {}) {
  const metadata = new grpcJs.Metadata();
  for (const [name, value] of Object.entries({ ...(appId ? { 'dapr-app-id': appId } : {}), 'dapr-api-token': 'of-the-sidecar', ...more })) {
    for (const one of [].concat(value)) metadata.add(name, one);
  }
  return metadata;
}

/** A call with one answer: the answer with headers and trailers, or the failure. */
function unary(method, request, metadata = to('target'), options = {}, from = client) {
  return new Promise((resolve) => {
    const outcome = {};
    const call = from[method](request, metadata, options, (error, answer) => Object.assign(outcome, { error, answer }));
    call.on('metadata', (headers) => (outcome.headers = headers));
    call.on('status', (status) => resolve({ ...outcome, trailers: status.metadata, code: status.code, details: status.details }));
  });
}

function collect(stream) {
  const items = [];
  return within(
    new Promise((resolve) => {
      stream.on('data', (item) => items.push(item));
      stream.on('error', () => {});
      stream.on('status', (status) => resolve({ items, code: status.code }));
    }),
    'the end of a stream',
  );
}

check(grpc, 'proxy: a unary call', async () => {
  const { answer, code } = await unary('Add', { text: 'größer 日本語 😀', amount: 41, data: Buffer.from([0, 255]) });
  assert.deepEqual([code, answer], [0, { text: 'größer 日本語 😀', amount: 42, data: Buffer.from([0, 255]) }]);
});

check(grpc, 'proxy: metadata go both ways, binary ones too', async () => {
  const { headers, trailers } = await unary('Add', {}, to('target', { 'x-text': ['one', 'two'], 'x-data-bin': Buffer.from([0, 1, 2, 250]) }));
  assert.deepEqual(headers.get('before'), ['a header']);
  assert.match(JSON.parse(headers.get('seen')[0])['x-text'], /^one/);
  assert.deepEqual(headers.get('seen-bin'), [Buffer.from([0, 1, 2, 250])]);
  assert.deepEqual([trailers.get('after'), trailers.get('after-bin')], [['a trailer'], [Buffer.from([0, 1, 255])]]);
});

check(grpc, 'proxy: the app gets its own token, and not the one of the sidecar', async () => {
  const { headers } = await unary('Add', {});
  assert.equal(JSON.parse(headers.get('seen')[0])['dapr-api-token'], 'of-the-app');
});

check(grpc, 'proxy: the app is told who calls, and which trace', async () => {
  const { headers } = await unary('Add', {});
  const seen = JSON.parse(headers.get('seen')[0]);
  assert.deepEqual([seen['dapr-caller-app-id'], seen['dapr-callee-app-id']], ['caller', 'target']);
  assert.match(seen.traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
});

check(grpc, 'proxy: a stream of requests', async () => {
  const total = await new Promise((resolve, reject) => {
    const call = client.Sum(to('target'), (error, answer) => (error ? reject(error) : resolve(answer)));
    for (let n = 1; n <= 1000; n++) call.write({ amount: n });
    call.end();
  });
  assert.deepEqual(total, { amount: 500500, count: 1000 });
});

check(grpc, 'proxy: a stream of answers, in order', async () => {
  const { items, code } = await collect(client.List({ count: 1000 }, to('target')));
  assert.equal(code, 0);
  assert.deepEqual(items.map((item) => item.amount), Array.from({ length: 1000 }, (_, n) => n));
});

check(grpc, 'proxy: a stream both ways, where each answer is awaited before the next request', async () => {
  const call = client.Match(to('target'));
  const answers = call[Symbol.asyncIterator]();
  for (const text of ['one', 'two', 'drei ü']) {
    call.write({ text });
    const { value } = await within(answers.next(), `the answer to ${text}`);
    assert.equal(value.text, text.toUpperCase());
  }
  call.end();
  assert.equal((await within(answers.next(), 'the end')).done, true);
});

check(grpc, 'proxy: a failure of the app has its code, message, details and trailers', async () => {
  const { code, details: message, trailers } = await unary('Refuse', { text: '100% größer ☃' });
  assert.deepEqual([code, message], [grpcJs.status.FAILED_PRECONDITION, 'refused: 100% größer ☃']);
  assert.deepEqual([trailers.get('why'), trailers.get('grpc-status-details-bin')], [['asked for'], [details]]);
});

check(grpc, 'proxy: a method that the app has not is unimplemented', async () => {
  const { code } = await unary('Missing', {});
  assert.equal(code, grpcJs.status.UNIMPLEMENTED);
});

check(grpc, 'proxy: a deadline that passes ends the call here and at the app', async () => {
  const codes = [];
  await eventually(async () => {
    if (cancelled.all((name) => name === 'wait').length > 0) return true;
    // On a busy machine it may pass before the app has the call.
    codes.push((await unary('Wait', {}, to('target'), { deadline: Date.now() + 500 })).code);
    return false;
  }, 'the end of the call at the app');
  for (const code of codes) assert.equal(code, grpcJs.status.DEADLINE_EXCEEDED);
});

check(grpc, 'proxy: a stream that is cancelled ends at the app', async () => {
  const call = client.List({ count: 1, amount: -1 }, to('target'));
  call.on('data', () => call.cancel());
  const { code } = await collect(call);
  assert.equal(code, grpcJs.status.CANCELLED);
  await cancelled.first((name) => name === 'list', 'the end of the stream at the app');
});

check(grpc, 'proxy: messages near the limit pass, and one above it is refused', async () => {
  const data = Buffer.alloc(4 * MiB - 1024, 7);
  const near = await unary('Add', { data });
  assert.deepEqual([near.code, near.answer?.data.equals(data)], [0, true], near.details);
  const above = await unary('Add', { data: Buffer.alloc(4 * MiB + 1) });
  assert.equal(above.code, grpcJs.status.RESOURCE_EXHAUSTED, above.details);
  assert.equal((await unary('Add', { amount: 1 })).answer.amount, 2);
});

check(grpc, 'proxy: many calls at a time do not mix', async () => {
  const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => unary('Add', { text: `call ${n}`, amount: n })));
  answers.forEach(({ answer }, n) => assert.deepEqual([answer.text, answer.amount], [`call ${n}`, n + 1]));
});

check(grpc, 'proxy: the sidecar of the app takes the call as well', async () => {
  const { answer, headers } = await unary('Add', { amount: 1 }, to('target'), {}, clientOf('target'));
  assert.equal(answer.amount, 2);
  assert.equal(JSON.parse(headers.get('seen')[0])['dapr-api-token'], 'of-the-app');
});

check(grpc, 'proxy: without an app id the call is refused', async () => {
  const { code, details: message } = await unary('Add', {}, to(undefined));
  assert.deepEqual([code, message], [grpcJs.status.UNKNOWN, 'failed to proxy request: required metadata dapr-callee-app-id or dapr-app-id not found']);
});

check(grpc, 'proxy: an app that nobody has is named', async () => {
  const { code, details: message } = await unary('Add', {}, to('nobody'));
  assert.notEqual(code, 0);
  assert.match(message, /nobody/);
});

check(grpc, 'proxy: without the token of the sidecar the call is refused', async () => {
  const metadata = new grpcJs.Metadata();
  metadata.set('dapr-app-id', 'target');
  const { code, details: message } = await unary('Add', {}, metadata);
  assert.deepEqual([code, message], [grpcJs.status.UNAUTHENTICATED, 'Unauthorized']);
});

(async () => {
  await serve();
  await Promise.all([healthy('caller'), healthy('target')]);
  await play();
})();
