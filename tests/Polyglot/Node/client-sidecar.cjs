// Secrets (a local file), metadata, health, and the end of the sidecar.
'use strict';
const { assert, both, check, clientOf, eventually, fails, stage } = require('./checks.cjs');

const client = clientOf('caller');

check(both, 'secrets: one and all', async () => {
  assert.deepEqual(await client.secret.get('secrets', 'plain'), { plain: 'grüße 😀' });
  assert.deepEqual(await client.secret.get('secrets', 'redis:password'), { 'redis:password': 'geheim' });
  assert.deepEqual(await client.secret.getBulk('secrets'), { plain: { plain: 'grüße 😀' }, 'redis:password': { 'redis:password': 'geheim' } });
});

check(both, 'secrets: one that is not there, and a store that nobody has', async () => {
  await fails(() => client.secret.get('secrets', 'nothing'), { http: { status: 500, errorCode: 'ERR_SECRET_GET' }, grpc: { code: 13 }, message: /nothing not found/ });
  await fails(() => client.secret.get('nobody', 'plain'), { http: { status: 401, errorCode: 'ERR_SECRET_STORE_NOT_FOUND' }, grpc: { code: 3 }, message: /nobody/ });
});

check(both, 'metadata: the app id and the components', async () => {
  const metadata = await client.metadata.get();
  assert.equal(metadata.id, 'caller');
  const store = metadata.components.find((component) => component.name === 'statestore');
  assert.deepEqual([store.type, store.version], ['state.sqlite', 'v1']);
  assert.ok(store.capabilities.includes('TRANSACTIONAL') && store.capabilities.includes('ETAG'));
  assert.deepEqual(metadata.components.map((component) => component.name).sort(), ['memory', 'pubsub', 'secrets', 'statestore']);
});

check(both, 'metadata: what is set is there', async () => {
  assert.equal(await client.metadata.set('color', 'grün'), true);
  const { extended } = await client.metadata.get();
  assert.equal(extended.color, 'grün');
  assert.ok(extended.daprRuntimeVersion);
});

check(both, 'health: the sidecar is healthy', async () => {
  assert.equal(await client.health.isHealthy(), true);
});

check(both, 'start: a client is ready once its sidecar answers', async () => {
  const fresh = clientOf('caller');
  assert.equal(fresh.getIsInitialized(), false);
  await fresh.start();
  assert.equal(fresh.getIsInitialized(), true);
});

check(both, 'shutdown: the sidecar ends', async () => {
  await client.sidecar.shutdown();
  await eventually(async () => !(await client.health.isHealthy()), `the end of the sidecar, asked for over ${stage.protocol}`);
});
