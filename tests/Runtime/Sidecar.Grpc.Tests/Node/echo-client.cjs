// A client of grpc-js that plays one scenario against a server of ours and prints what it saw as one line of JSON.
'use strict';
const { grpc, Echo, Status, rich, port } = require('./echo.cjs');

const scenario = process.argv[5];
const options = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1, 'grpc.enable_retries': 0 };
if (scenario === 'gzip') Object.assign(options, { 'grpc.default_compression_algorithm': 2, 'grpc.default_compression_level': 2 });
if (scenario === 'keepalive') Object.assign(options, { 'grpc.keepalive_time_ms': 50, 'grpc.keepalive_timeout_ms': 60000 });
const client = new Echo(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), options);

const unary = (request, metadata = new grpc.Metadata(), call = {}) =>
  new Promise((done) => {
    const seen = {};
    const sent = client.Unary(request, metadata, call, (error, reply) => {
      Object.assign(seen, error ? failed(error) : { reply });
      seen.trailers ? done(seen) : sent.once('status', (status) => done(Object.assign(seen, { trailers: status.metadata })));
    });
    sent.on('metadata', (headers) => (seen.headers = headers));
    sent.on('status', (status) => (seen.trailers = status.metadata));
  });

const failed = (error) => ({ code: error.code, details: error.details, rich: detailsOf(error.metadata) });

function detailsOf(metadata) {
  const [bytes] = metadata ? metadata.get('grpc-status-details-bin') : [];
  if (!bytes) return null;
  const { code, message, details } = Status.decode(bytes);
  const unpacked = details.map(({ type_url: url, value }) => rich.lookupType(url.split('/')[1]).decode(value).toJSON());
  return { code, message, details: unpacked };
}

const collect = (call) =>
  new Promise((done) => {
    const counts = [];
    call.on('data', ({ count }) => counts.push(count));
    call.on('error', (error) => done({ counts, ...failed(error) }));
    call.on('end', () => done({ counts }));
  });

const plain = (metadata) => Object.fromEntries(Object.keys(metadata.getMap()).map((key) => [key, metadata.get(key).map((value) => (Buffer.isBuffer(value) ? value.toString('hex') : value))]));

const scenarios = {
  async unary() {
    const { reply } = await unary({ text: 'grüße', data: Buffer.from([0, 255]), count: 0 });
    return { text: reply.text, data: reply.data.toString('hex') };
  },
  async fail() {
    const { code, details, rich: status, trailers } = await unary({ behave: 'fail', count: 5, text: 'no such thing: 100% ☃\n' });
    return { code, details, rich: status, after: plain(trailers) };
  },
  async metadata() {
    const metadata = new grpc.Metadata();
    metadata.add('x-text', 'one');
    metadata.add('x-text', 'two');
    metadata.add('x-data-bin', Buffer.from([0, 1, 2, 250]));
    metadata.add('x-data-bin', Buffer.from([9]));
    const { headers, trailers } = await unary({ behave: 'metadata' }, metadata);
    return { headers: plain(headers), trailers: plain(trailers) };
  },
  clientStream: () =>
    new Promise((done) => {
      const call = client.ClientStream((error, reply) => done(error ? failed(error) : reply));
      for (let at = 0; at < 100; at++) call.write({ text: 'a' });
      call.end();
    }),
  async serverStream() {
    const { counts } = await collect(client.ServerStream({ count: 1000 }));
    return { length: counts.length, ordered: counts.every((count, at) => count === at) };
  },
  failAfter: () => collect(client.ServerStream({ behave: 'fail-after', count: 3, text: 'broken' })),
  async duplex() {
    const call = client.Duplex();
    const all = collect(call);
    for (let at = 0; at < 100; at++) call.write({ count: at });
    call.end();
    return { length: (await all).counts.length };
  },
  async deadline() {
    await unary({}); // The connection is made before, so that the call is there before its end.
    const { code } = await unary({ behave: 'wait' }, new grpc.Metadata(), { deadline: Date.now() + 1000 });
    return { code };
  },
  cancelStream: () =>
    new Promise((done) => {
      const call = client.ServerStream({ behave: 'forever' });
      call.once('data', () => call.cancel());
      call.on('error', (error) => done(failed(error)));
    }),
  async gzip() {
    const { reply, code, details } = await unary({ data: Buffer.alloc(100000) });
    return { code, details, length: reply && reply.data.length };
  },
  async limit() {
    const { code } = await unary({ data: Buffer.alloc(5 * 1024 * 1024) });
    const { reply } = await unary({ data: Buffer.alloc(1024 * 1024) });
    return { code, length: reply.data.length };
  },
  unknown: () =>
    new Promise((done) => client.makeUnaryRequest('/sidecar.test.Echo/Nothing', (value) => value, (value) => value, Buffer.alloc(0), (error) => done(failed(error)))),
  // Waits on an idle stream until the server says the last word, with pings on the way.
  keepalive: () => collect(client.Duplex()),
  shutdown: () => collect(client.ServerStream({ behave: 'wait-after', count: 1 })),
};

scenarios[scenario]().then((seen) => {
  process.stdout.write('RESULT ' + JSON.stringify(seen) + '\n');
  client.close();
});
