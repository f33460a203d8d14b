// Bindings: ticks of `bindings.cron` to the SDK's server, and calls of `bindings.localstorage` by its client.
'use strict';
const { inspect } = require('node:util');
const { Inbox, assert, both, check } = require('./checks.cjs');
const { server } = require('./server.cjs');

const ticks = new Inbox();

module.exports.receive = async () => {
  await server.binding.receive('tick', async (data) => ticks.add({ data }));
};

/** Over HTTP the SDK gives what it read, over gRPC the message. */
const textOf = (read) => (typeof read === 'string' ? read : Buffer.from(read?.data ?? read ?? []).toString());

check(both, 'bindings: ticks of an input binding come', async () => {
  await ticks.several(2, () => true, 'two ticks');
});

check(both, 'bindings: the client of the SDK calls an output binding', async () => {
  await server.client.binding.send('files', 'create', 'größer', { fileName: 'note.txt' });
  const read = await server.client.binding.send('files', 'get', undefined, { fileName: 'note.txt' });
  assert.ok(textOf(read).includes('größer'), inspect(read));
});
