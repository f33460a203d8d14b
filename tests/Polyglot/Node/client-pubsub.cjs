// Publishing: what arrived is looked at as the app of the sidecar `target` got it, over HTTP.
'use strict';
const { assert, both, check, clientOf, dapr, fails, http, stage } = require('./checks.cjs');
const { events } = require('./app.cjs');

const base64 = (text) => Buffer.from(text).toString('base64');

const client = clientOf('caller');
const arrival = async (match, topic = 'work') => (await events.first((event) => event.topic === topic && match(event.envelope), 'an event that was published')).envelope;
const publish = async (topic, data, options) => assert.deepEqual(await client.pubsub.publish('pubsub', topic, data, options), {});

check(both, 'publish: an object arrives as JSON in an envelope', async () => {
  await publish('work', { order: 'one', lines: [{ sku: 'tea', quantity: 2 }] });
  const { id, time, traceid, traceparent, ...envelope } = await arrival((event) => event.data?.order === 'one');
  assert.deepEqual(envelope, {
    specversion: '1.0', type: 'com.dapr.event.sent', source: 'caller', datacontenttype: 'application/json', topic: 'work', pubsubname: 'pubsub',
    data: { order: 'one', lines: [{ sku: 'tea', quantity: 2 }] }, ...('tracestate' in envelope ? { tracestate: envelope.tracestate } : {}),
  });
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.ok(Date.parse(time) > 0);
  assert.equal(traceid, traceparent);
});

check(both, 'publish: a text arrives as a text', async () => {
  await publish('work', 'a text: größer 日本語 😀');
  const envelope = await arrival((event) => event.data === 'a text: größer 日本語 😀');
  assert.equal(envelope.datacontenttype, 'text/plain');
});

check(both, 'publish: bytes arrive as base64', async () => {
  const bytes = Buffer.from([0, 255, 128, 10, 13, 1]);
  await publish('work', bytes, { metadata: { 'cloudevent.id': 'the-bytes' } });
  const envelope = await arrival((event) => event.id === 'the-bytes');
  assert.deepEqual([envelope.datacontenttype, envelope.data_base64], ['application/octet-stream', bytes.toString('base64')]);
});

check(both, 'publish: nothing at all arrives too', async () => {
  await publish('work', undefined, { metadata: { 'cloudevent.id': 'the-empty' } });
  assert.ok(!(await arrival((event) => event.id === 'the-empty')).data);
});

check(both, 'publish: a CloudEvent keeps its own attributes', async () => {
  await publish('work', { specversion: '1.0', id: 'mine', source: 'elsewhere', type: 'order.placed', datacontenttype: 'application/json', subject: 's', data: { own: true } });
  const envelope = await arrival((event) => event.id === 'mine');
  assert.deepEqual([envelope.source, envelope.type, envelope.subject, envelope.data, envelope.topic], ['elsewhere', 'order.placed', 's', { own: true }, 'work']);
});

check(both, 'publish: a content type that is named is the one of the event', async () => {
  await publish('work', '<order>größe</order>', { contentType: 'application/xml' });
  const xml = await arrival((event) => event.data === '<order>größe</order>');
  assert.equal(xml.datacontenttype, 'application/xml');
  await publish('work', ['list', 1], { contentType: 'application/json' });
  assert.deepEqual((await arrival((event) => event.data?.[0] === 'list')).data, ['list', 1]);
});

check(both, 'publish: metadata set attributes of the event', async () => {
  await publish('work', { attributes: 1 }, { metadata: { 'cloudevent.type': 'order.v2', 'cloudevent.source': 'desk', 'cloudevent.subject': 'über' } });
  const envelope = await arrival((event) => event.data?.attributes === 1);
  assert.deepEqual([envelope.type, envelope.source, envelope.subject], ['order.v2', 'desk', 'über']);
});

check(both, 'publish: raw bytes go without an envelope', async () => {
  await publish('raw', { raw: stage.protocol }, { metadata: { rawPayload: 'true' } });
  const envelope = await arrival((event) => event.data_base64 === base64(JSON.stringify({ raw: stage.protocol })), 'raw');
  assert.equal(envelope.datacontenttype, 'application/octet-stream');
});

check(both, 'publish: a broker that nobody has is refused', async () => {
  await fails(() => client.pubsub.publish('nobody', 'work', { a: 1 }), {
    http: { status: 404, errorCode: 'ERR_PUBSUB_NOT_FOUND' },
    grpc: { code: 3, reason: 'DAPR_PUBSUB_NOT_FOUND' },
    message: /pubsub nobody is not found/,
  });
});

check(both, 'publish: metadata that make no sense are refused', async () => {
  await fails(() => client.pubsub.publish('pubsub', 'work', { a: 1 }, { metadata: { rawPayload: 'perhaps' } }), {
    http: { status: 400, errorCode: 'ERR_PUBSUB_REQUEST_METADATA' },
    grpc: { code: 3, reason: 'DAPR_PUBSUB_METADATA_DESERIALIZATION' },
  });
});

check(both, 'publish: a message near the limit of bodies arrives', async () => {
  const data = { filler: 'y'.repeat(4 * 1024 * 1024 - 2048), end: stage.protocol };
  await publish('work', data);
  assert.equal((await arrival((event) => event.data?.end === stage.protocol)).data.filler.length, data.filler.length);
});

check(both, 'bulk publish: texts, objects and CloudEvents arrive, each once and as what it is', async () => {
  const event = { specversion: '1.0', id: 'bulk-own', source: 'elsewhere', type: 'order.placed', datacontenttype: 'text/plain', data: 'in bulk' };
  const outcome = await client.pubsub.publishBulk('pubsub', 'work', ['bulk größer 😀', { bulk: 'object' }, event]);
  assert.deepEqual(outcome, { failedMessages: [] });
  assert.equal((await arrival((envelope) => envelope.data === 'bulk größer 😀')).datacontenttype, 'text/plain');
  assert.equal((await arrival((envelope) => envelope.data?.bulk === 'object')).datacontenttype, 'application/json');
  assert.equal((await arrival((envelope) => envelope.id === 'bulk-own')).type, 'order.placed');
});

check(both, 'bulk publish: entries with ids of their own arrive', async () => {
  const entries = ['one', 'two', 'three'].map((text) => ({ entryID: `entry-${text}`, event: { entry: text }, contentType: 'application/json' }));
  assert.deepEqual(await client.pubsub.publishBulk('pubsub', 'work', entries), { failedMessages: [] });
  for (const text of ['one', 'two', 'three']) await arrival((envelope) => envelope.data?.entry === text);
});

check(both, 'bulk publish: raw bytes go without an envelope', async () => {
  assert.deepEqual(await client.pubsub.publishBulk('pubsub', 'raw', [{ bulkRaw: 1 }, 'bulk raw text'], { rawPayload: 'true' }), { failedMessages: [] });
  await arrival((envelope) => envelope.data_base64 === base64('{"bulkRaw":1}'), 'raw');
  await arrival((envelope) => envelope.data_base64 === base64('bulk raw text'), 'raw');
});

check(both, 'bulk publish: to a broker that nobody has, every message failed', async () => {
  const { failedMessages } = await client.pubsub.publishBulk('nobody', 'work', ['a', { b: 1 }]);
  assert.deepEqual(failedMessages.map(({ message }) => message.event), ['a', { b: 1 }]);
  await fails(async () => failedMessages[0], { http: { status: 404, errorCode: 'ERR_PUBSUB_NOT_FOUND' }, grpc: { code: 3, reason: 'DAPR_PUBSUB_NOT_FOUND' } });
});

check(both, 'bulk publish: an id that is there twice is refused', async () => {
  const entries = ['a', 'b'].map((event) => ({ entryID: 'same', event, contentType: 'text/plain' }));
  const { failedMessages } = await client.pubsub.publishBulk('pubsub', 'work', entries);
  await fails(async () => failedMessages[0], { http: { status: 400, errorCode: 'ERR_PUBSUB_EVENTS_SER' }, grpc: { code: 3, reason: 'DAPR_PUBSUB_MARSHAL_EVENTS' } });
});

check(http, 'publish: events of a client over gRPC look the same', async () => {
  const other = clientOf('caller', { communicationProtocol: dapr.CommunicationProtocolEnum.GRPC, daprPort: String(stage.sidecars.caller.grpc) });
  await client.pubsub.publish('pubsub', 'work', { pair: 1, n: 1.5 });
  await other.pubsub.publish('pubsub', 'work', { pair: 2, n: 1.5 });
  const [one, two] = [await arrival((event) => event.data?.pair === 1), await arrival((event) => event.data?.pair === 2)];
  assert.deepEqual(Object.keys(one).sort(), Object.keys(two).sort());
  for (const key of ['specversion', 'type', 'source', 'datacontenttype', 'topic', 'pubsubname']) assert.equal(one[key], two[key], key);
});
