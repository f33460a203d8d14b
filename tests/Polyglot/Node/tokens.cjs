// The sidecar `guarded` wants a token of its clients and gives one to its app, which is the SDK's server.
'use strict';
const { Inbox, address, assert, both, check, clientOf, healthy, http, play, serverOf, stage } = require('./checks.cjs');

const daprToken = { daprApiToken: 'of-the-sidecar' };
const server = serverOf('guarded', daprToken);
const inbox = new Inbox();

/** Asks for the metadata without awaiting the sidecar first: the SDK would ask for half a minute whether it is there. */
async function ask(options) {
  const inner = clientOf('guarded', options).daprClient;
  if (stage.protocol === 'http') return inner.execute('/metadata', { method: 'GET' }, false);
  return (await inner.getClient(false)).getMetadata({});
}

const isRefused = (failure) =>
  stage.protocol === 'http' ? JSON.parse(failure.message).status === 401 : failure.code === 16 && failure.rawMessage === 'Unauthorized';

check(both, 'tokens: a client without a token is refused', () => assert.rejects(ask({}), isRefused));

check(both, 'tokens: a client with another token is refused', () => assert.rejects(ask({ daprApiToken: 'another' }), isRefused));

check(both, 'tokens: a client with the token is served', async () => {
  const client = clientOf('guarded', daprToken);
  await client.state.save('statestore', [{ key: 'k', value: { a: 1 } }]);
  assert.deepEqual(await client.state.get('statestore', 'k'), { a: 1 });
});

check(both, 'tokens: a client takes the token from the environment', async () => {
  process.env.DAPR_API_TOKEN = daprToken.daprApiToken;
  try {
    assert.equal((await clientOf('guarded').metadata.get()).id, 'guarded');
  } finally {
    delete process.env.DAPR_API_TOKEN;
  }
});

check(both, 'tokens: an event brings the app its token', async () => {
  await server.client.pubsub.publish('pubsub', 'work', { a: 1 });
  const { headers } = await inbox.first((item) => item.data?.a === 1, 'the event');
  assert.equal(headers['dapr-api-token'], 'of-the-app');
});

check(http, 'tokens: an invocation brings the app its token, and not the one of the sidecar', async () => {
  const { token } = await server.client.invoker.invoke('guarded', 'token', 'post', {});
  assert.equal(token, 'of-the-app');
});

check(both, 'tokens: a call over HTTP needs the token too, whatever the app speaks', async () => {
  const url = address('guarded', '/v1.0/invoke/guarded/method/token');
  const call = (headers) => fetch(url, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json', ...headers } });
  const refused = await call({});
  assert.deepEqual([refused.status, await refused.text()], [401, 'invalid api token']);
  assert.equal((await call({ 'dapr-api-token': daprToken.daprApiToken })).status, 200);
});

(async () => {
  await server.pubsub.subscribe('pubsub', 'work', async (data, headers) => inbox.add({ data, headers }));
  await server.invoker.listen('token', async ({ headers }) => ({ token: headers?.['dapr-api-token'] ?? '' }), { method: 'post' });
  await server.start();
  await healthy('guarded');
  await play();
})();
