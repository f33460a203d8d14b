// State: the store is state.sqlite, `memory` is state.in-memory.
'use strict';
const { address, assert, both, check, clientOf, dapr, eventually, fails, grpc, http, stage } = require('./checks.cjs');

const { StateConcurrencyEnum, StateConsistencyEnum } = dapr;
const store = 'statestore';
const mismatch = { http: { status: 409, errorCode: 'ERR_STATE_SAVE' }, grpc: { code: 10, reason: 'ERR_STATE_SAVE' }, message: /possible etag mismatch/ };
const MiB = 1024 * 1024;

const client = clientOf('caller');
const other = clientOf('caller', {
  communicationProtocol: stage.protocol === 'grpc' ? dapr.CommunicationProtocolEnum.HTTP : dapr.CommunicationProtocolEnum.GRPC,
  daprPort: String(stage.sidecars.caller[stage.protocol === 'grpc' ? 'http' : 'grpc']),
});
const save = async (...items) => assert.deepEqual(await client.state.save(store, items), {});
const etagOf = async (key) => (await client.state.getBulk(store, [key]))[0].etag;

check(both, 'state: an object, an array, texts, numbers and booleans come back as they were', async () => {
  const values = { object: { a: { b: [1, 2.5, null] } }, array: ['x', { y: 1 }], text: 'plain', number: -42.5, yes: true, no: false };
  await save(...Object.entries(values).map(([key, value]) => ({ key, value })));
  for (const [key, value] of Object.entries(values)) assert.deepEqual(await client.state.get(store, key), value, key);
});

check(both, 'state: keys and values are Unicode', async () => {
  const value = { text: 'größer 日本語 😀 \u0001 "quoted" \\ </script>' };
  await save({ key: 'schlüssel-日本-😀', value });
  assert.deepEqual(await client.state.get(store, 'schlüssel-日本-😀'), value);
  const [item] = await client.state.getBulk(store, ['schlüssel-日本-😀']);
  assert.deepEqual([item.key, item.data], ['schlüssel-日本-😀', value]);
});

check(both, 'state: a key that nobody saved is an empty text', async () => {
  assert.equal(await client.state.get(store, 'nobody'), '');
});

check(both, 'state: a bulk get has every key that was asked for, with data and etag where there is one', async () => {
  await save({ key: 'bulk-1', value: { n: 1 } }, { key: 'bulk-2', value: 'two' });
  const items = await client.state.getBulk(store, ['bulk-1', 'bulk-2', 'bulk-none'], { parallelism: 2 });
  const byKey = Object.fromEntries(items.map((item) => [item.key, item]));
  assert.deepEqual(Object.keys(byKey).sort(), ['bulk-1', 'bulk-2', 'bulk-none']);
  assert.deepEqual([byKey['bulk-1'].data, byKey['bulk-2'].data], [{ n: 1 }, 'two']);
  assert.ok(byKey['bulk-1'].etag && byKey['bulk-2'].etag);
  assert.ok(!byKey['bulk-none'].data && !byKey['bulk-none'].etag);
});

check(both, 'state: a save with the current etag succeeds and changes it, one with an old etag is a conflict', async () => {
  await save({ key: 'etag', value: 1 });
  const first = await etagOf('etag');
  await save({ key: 'etag', value: 2, etag: first });
  assert.notEqual(await etagOf('etag'), first);
  await fails(() => client.state.save(store, [{ key: 'etag', value: 3, etag: first }]), mismatch);
  assert.equal(await client.state.get(store, 'etag'), 2);
});

check(both, 'state: the first write wins if that is asked for', async () => {
  const options = { concurrency: StateConcurrencyEnum.CONCURRENCY_FIRST_WRITE, consistency: StateConsistencyEnum.CONSISTENCY_STRONG };
  await save({ key: 'first', value: 'one', options });
  await fails(() => client.state.save(store, [{ key: 'first', value: 'two', options }]), mismatch);
  await save({ key: 'first', value: 'three', options: { concurrency: StateConcurrencyEnum.CONCURRENCY_LAST_WRITE } });
  assert.equal(await client.state.get(store, 'first', { consistency: StateConsistencyEnum.CONSISTENCY_STRONG }), 'three');
});

check(both, 'state: a delete removes a key, also one that is not there', async () => {
  await save({ key: 'gone', value: 1 });
  assert.deepEqual(await client.state.delete(store, 'gone'), {});
  assert.equal(await client.state.get(store, 'gone'), '');
  assert.deepEqual(await client.state.delete(store, 'gone'), {});
});

check(both, 'state: a delete with an old etag is a conflict, with the current one it succeeds', async () => {
  await save({ key: 'guarded', value: 1 });
  const old = await etagOf('guarded');
  await save({ key: 'guarded', value: 2 });
  await fails(() => client.state.delete(store, 'guarded', { etag: old }), {
    http: { status: 409, errorCode: 'ERR_STATE_DELETE' },
    grpc: { code: 10, reason: 'ERR_STATE_DELETE' },
  });
  assert.equal(await client.state.get(store, 'guarded'), 2);
  assert.deepEqual(await client.state.delete(store, 'guarded', { etag: await etagOf('guarded') }), {});
  assert.equal(await client.state.get(store, 'guarded'), '');
});

check(both, 'state: a key with a time to live expires', async () => {
  await save({ key: 'brief', value: 1, metadata: { ttlInSeconds: '1' } });
  const response = await fetch(address('caller', `/v1.0/state/${store}/brief`));
  assert.ok(response.status === 204 || response.headers.get('metadata.ttlexpiretime'));
  await eventually(async () => (await client.state.get(store, 'brief')) === '', 'the end of a key that lives for a second');
});

check(both, 'state: metadata of a whole save count for each item', async () => {
  assert.deepEqual(await client.state.save(store, [{ key: 'lasting', value: 1 }], { metadata: { ttlInSeconds: '1000' } }), {});
  const response = await fetch(address('caller', `/v1.0/state/${store}/lasting`));
  assert.ok(Date.parse(response.headers.get('metadata.ttlexpiretime')) > Date.now());
});

check(both, 'state: a time to live that is no number is refused, and nothing is saved', async () => {
  await fails(() => client.state.save(store, [{ key: 'never', value: 1, metadata: { ttlInSeconds: 'soon' } }]), {
    http: { status: 500, errorCode: 'ERR_STATE_SAVE' },
    grpc: { code: 13, reason: 'ERR_STATE_SAVE' },
  });
  assert.equal(await client.state.get(store, 'never'), '');
});

check(both, 'state: a transaction does all its operations', async () => {
  await save({ key: 'tx-old', value: 'old' });
  await client.state.transaction(store, [
    { operation: 'upsert', request: { key: 'tx-new', value: 'neu' } },
    { operation: 'upsert', request: { key: 'tx-etag', value: 'x', options: { concurrency: StateConcurrencyEnum.CONCURRENCY_FIRST_WRITE } } },
    { operation: 'delete', request: { key: 'tx-old' } },
  ]);
  assert.deepEqual([await client.state.get(store, 'tx-new'), await client.state.get(store, 'tx-etag'), await client.state.get(store, 'tx-old')], ['neu', 'x', '']);
});

check(both, 'state: a transaction with an old etag does nothing', async () => {
  await save({ key: 'tx-guarded', value: 1 });
  const old = await etagOf('tx-guarded');
  await save({ key: 'tx-guarded', value: 2 });
  const operations = [
    { operation: 'upsert', request: { key: 'tx-not', value: 'not' } },
    { operation: 'upsert', request: { key: 'tx-guarded', value: '3', etag: old } },
  ];
  await fails(() => client.state.transaction(store, operations), {
    http: { status: 500, errorCode: 'ERR_STATE_TRANSACTION' },
    grpc: { code: 13, reason: 'ERR_STATE_TRANSACTION' },
  });
  assert.deepEqual([await client.state.get(store, 'tx-not'), await client.state.get(store, 'tx-guarded')], ['', 2]);
});

check(both, 'state: an operation that no transaction knows is refused', async () => {
  await fails(() => client.state.transaction(store, [{ operation: 'swap', request: { key: 'a', value: 'b' } }]), {
    http: { status: 400, errorCode: 'ERR_NOT_SUPPORTED_STATE_OPERATION' },
    grpc: { code: 12 },
    message: /swap/,
  });
});

check(both, 'state: the in-memory store answers as well', async () => {
  assert.deepEqual(await client.state.save('memory', [{ key: 'm', value: { in: 'memory' } }]), {});
  assert.deepEqual(await client.state.get('memory', 'm'), { in: 'memory' });
});

check(both, 'state: a query of a store that has none is refused', async () => {
  await fails(() => client.state.query(store, { filter: {}, sort: [], page: { limit: 1 } }), {
    http: { status: 500, errorCode: 'ERR_STATE_STORE_NOT_SUPPORTED' },
    grpc: { code: 13, reason: 'DAPR_STATE_QUERYING_NOT_SUPPORTED' },
  });
});

check(both, 'state: a store that nobody has is refused', async () => {
  const refused = { http: { status: 400, errorCode: 'ERR_STATE_STORE_NOT_FOUND' }, grpc: { code: 3, reason: 'DAPR_STATE_NOT_FOUND' }, message: /state store nobody is not found/ };
  await fails(() => client.state.save('nobody', [{ key: 'k', value: 1 }]), refused);
  await fails(() => client.state.get('nobody', 'k'), refused);
});

check(both, 'state: a key with two bars is refused', async () => {
  await fails(() => client.state.save(store, [{ key: 'a||b', value: 1 }]), {
    http: { status: 400, errorCode: 'ERR_MALFORMED_REQUEST' },
    grpc: { code: 3, reason: 'DAPR_STATE_ILLEGAL_KEY' },
  });
});

check(both, 'state: a value near the limit of bodies is saved and comes back', async () => {
  const value = 'x'.repeat(4 * MiB - 1024);
  await save({ key: 'large', value });
  assert.ok((await client.state.get(store, 'large')) === value);
});

check(grpc, 'state: a message above the limit is refused, and the connection lives on', async () => {
  const generous = clientOf('caller', { maxBodySizeMb: 16 });
  await fails(() => generous.state.save(store, [{ key: 'too-large', value: 'x'.repeat(4 * MiB + 1) }]), { grpc: { code: 8 } });
  assert.equal(await generous.state.get(store, 'too-large'), '');
});

check(http, 'state: a body above the limit is refused', async () => {
  await fails(() => client.state.save(store, [{ key: 'too-large', value: 'x'.repeat(4 * MiB + 1) }]), { http: { status: 400, errorCode: 'ERR_MALFORMED_REQUEST' } });
  assert.equal(await client.state.get(store, 'too-large'), '');
});

check(both, 'state: what one protocol saved the other one reads', async () => {
  await save({ key: 'shared', value: { from: stage.protocol } });
  assert.deepEqual(await other.state.get(store, 'shared'), { from: stage.protocol });
  await other.state.save(store, [{ key: 'shared', value: { from: 'the other' } }]);
  assert.deepEqual(await client.state.get(store, 'shared'), { from: 'the other' });
});
