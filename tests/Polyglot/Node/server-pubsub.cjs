// Subscriptions. All events are published by the client that the server has.
'use strict';
const { Inbox, address, assert, both, check, dapr, stage } = require('./checks.cjs');
const { server } = require('./server.cjs');

const { RETRY, DROP, SUCCESS } = dapr.DaprPubSubStatusEnum;
const inbox = new Inbox();
const publish = async (topic, data, options) => assert.deepEqual(await server.client.pubsub.publish('pubsub', topic, data, options), {});
const at = (place, match) => inbox.first((item) => item.place === place && match(item.data), `an event at ${place}`);
const times = (place, count, match) => inbox.several(count, (item) => item.place === place && match(item.data), `an event at ${place}, ${count} times`);
const countAt = (place, match) => inbox.all((item) => item.place === place && match(item.data)).length;

/** A handler that notes what it gets, and answers what `status` says of the event and of how often it came. */
function note(place, status = () => SUCCESS) {
  return async (data, headers) => {
    inbox.add({ place, data, headers });
    return status(data, countAt(place, (other) => JSON.stringify(other) === JSON.stringify(data)));
  };
}

module.exports.subscribe = async () => {
  const { pubsub } = server;
  await pubsub.subscribe('pubsub', 'plain', note('plain'));
  pubsub.subscribeToRoute('pubsub', 'plain', '', note('plain too'));
  await pubsub.subscribe('pubsub', 'nested/topic.name', note('routed'), '/a-route');
  await pubsub.subscribe('pubsub', 'raw', note('raw'), '', { rawPayload: true });
  await pubsub.subscribeWithOptions('pubsub', 'ruled', {
    route: {
      default: 'other',
      rules: [
        { match: 'event.type == "order.v2"', path: '/v2' },
        { match: 'event.data.total > 10', path: 'large' },
      ],
    },
  });
  for (const route of ['v2', 'large', 'other']) pubsub.subscribeToRoute('pubsub', 'ruled', route, note(route));
  await pubsub.subscribe('pubsub', 'retried', note('retried', (_, count) => (count < 3 ? RETRY : SUCCESS)));
  await pubsub.subscribe('pubsub', 'dropped', note('dropped', () => DROP));
  await pubsub.subscribeWithOptions('pubsub', 'fatal', { callback: note('fatal', (data) => (data.drop ? DROP : RETRY)), deadLetterTopic: 'graveyard' });
  await pubsub.subscribe('pubsub', 'graveyard', note('graveyard'));
  await pubsub.subscribeBulk('pubsub', 'batched', note('batched', (data, count) => (data.again && count < 2 ? RETRY : SUCCESS)), {
    maxMessagesCount: 3,
    maxAwaitDurationMs: 200,
  });
};

check(both, 'subscribe: an object comes as an object, with the headers of the delivery', async () => {
  await publish('plain', { order: 'größer 日本語 😀', lines: [1, 2.5, null, true] });
  const { data, headers } = await at('plain', (item) => item.order);
  assert.deepEqual(data, { order: 'größer 日本語 😀', lines: [1, 2.5, null, true] });
  assert.match(headers.traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
});

check(both, 'subscribe: every handler of a route gets the event', async () => {
  await publish('plain', { both: 1 });
  await at('plain', (item) => item.both === 1);
  await at('plain too', (item) => item.both === 1);
});

check(both, 'subscribe: a text comes as a text', async () => {
  await publish('plain', 'ein Text: größer 😀');
  await at('plain', (item) => item === 'ein Text: größer 😀');
});

check(both, 'subscribe: bytes come as the text that they are', async () => {
  await publish('plain', Buffer.from('bytes: größer 😀'));
  await at('plain', (item) => item === 'bytes: größer 😀');
});

check(both, 'subscribe: the data of a CloudEvent come', async () => {
  await publish('plain', { specversion: '1.0', id: 'x', source: 's', type: 't', datacontenttype: 'application/json', data: { own: 'event' } });
  await at('plain', (item) => item.own === 'event');
});

check(both, 'subscribe: a topic with a slash and a route of its own work', async () => {
  await publish('nested/topic.name', { nested: 1 });
  await at('routed', (item) => item.nested === 1);
});

check(both, 'subscribe: raw bytes come without an envelope', async () => {
  await publish('raw', { raw: 'größer' }, { metadata: { rawPayload: 'true' } });
  await at('raw', (item) => item.raw === 'größer');
  await publish('raw', 'no json', { metadata: { rawPayload: 'true' } });
  await at('raw', (item) => item === 'no json');
});

check(both, 'subscribe: rules choose the route in their order, and the default has the rest', async () => {
  await publish('ruled', { total: 100, n: 1 }, { metadata: { 'cloudevent.type': 'order.v2' } });
  await publish('ruled', { total: 100, n: 2 });
  await publish('ruled', { total: 1, n: 3 });
  await at('v2', (item) => item.n === 1);
  await at('large', (item) => item.n === 2);
  await at('other', (item) => item.n === 3);
  const all = inbox.all((item) => ['v2', 'large', 'other'].includes(item.place));
  assert.equal(all.length, 3);
});

check(both, 'subscribe: an event that is to be retried comes again until it succeeds', async () => {
  await publish('retried', { again: 1 });
  await times('retried', 3, (item) => item.again === 1);
  await publish('retried', { after: 1 });
  await times('retried', 3, (item) => item.after === 1);
  assert.equal(countAt('retried', (item) => item.again === 1), 3);
});

check(both, 'subscribe: an event that is dropped does not come again', async () => {
  await publish('dropped', { gone: 1 });
  await at('dropped', (item) => item.gone === 1);
  await publish('dropped', { gone: 2 });
  await at('dropped', (item) => item.gone === 2);
  assert.equal(countAt('dropped', (item) => item.gone === 1), 1);
});

check(both, 'subscribe: what failed or was dropped goes to the dead letter topic', async () => {
  await publish('fatal', { n: 1 });
  await publish('fatal', { n: 2, drop: true });
  await at('graveyard', (item) => item.n === 1);
  await at('graveyard', (item) => item.n === 2);
});

check(both, 'subscribe: a batch comes, and of it what is to be retried comes again', async () => {
  const outcome = await server.client.pubsub.publishBulk('pubsub', 'batched', [{ b: 1 }, { b: 2, again: true }, { b: 3 }]);
  assert.deepEqual(outcome, { failedMessages: [] });
  await times('batched', 2, (item) => item.b === 2);
  await at('batched', (item) => item.b === 1);
  await at('batched', (item) => item.b === 3);
  assert.deepEqual([1, 3].map((b) => countAt('batched', (item) => item.b === b)), [1, 1]);
});

check(both, 'subscribe: an event near the limit of bodies comes', async () => {
  const filler = 'y'.repeat(4 * 1024 * 1024 - 2048);
  await publish('plain', { filler });
  assert.ok((await at('plain', (item) => item.filler)).data.filler === filler);
});

check(both, 'subscribe: the sidecar knows what the server asked for', async () => {
  const { subscriptions } = await (await fetch(address('server', '/v1.0/metadata'))).json();
  const byTopic = Object.fromEntries(subscriptions.map((subscription) => [subscription.topic, subscription]));
  assert.deepEqual(Object.keys(byTopic).sort(), ['batched', 'dropped', 'fatal', 'graveyard', 'nested/topic.name', 'plain', 'raw', 'retried', 'ruled']);
  assert.deepEqual(byTopic.ruled.rules, [
    { match: 'event.type == "order.v2"', path: '/pubsub--ruled--v2' },
    { match: 'event.data.total > 10', path: '/pubsub--ruled--large' },
    { path: '/pubsub--ruled--other' },
  ]);
  assert.deepEqual([byTopic.fatal.deadLetterTopic, byTopic.raw.metadata, byTopic.plain.type], ['graveyard', { rawPayload: 'true' }, 'PROGRAMMATIC']);
  assert.equal(Object.values(byTopic).every((subscription) => subscription.pubsubname === 'pubsub'), true, stage.protocol);
});
