// An app without any SDK, to see what really arrives: it notes every event, tells callers what they sent, and fails as asked.
'use strict';
const http = require('node:http');
const { Inbox, stage } = require('./checks.cjs');

const subscriptions = [
  { pubsubname: 'pubsub', topic: 'work', route: '/events/work' },
  { pubsubname: 'pubsub', topic: 'raw', route: '/events/raw', metadata: { rawPayload: 'true' } },
];
const events = new Inbox();

function answer({ method, url, headers }, body) {
  const { pathname, search } = new URL(url, 'http://app');
  const [, first, second] = pathname.split('/');
  switch (first) {
    case 'dapr':
      return second === 'subscribe' ? [200, subscriptions] : [404, {}];
    case 'events':
      events.add({ topic: second, envelope: JSON.parse(body.toString()) });
      return [200, { status: 'SUCCESS' }];
    case 'echo':
      return [200, { method, path: decodeURIComponent(pathname), query: search, headers, body: body.toString() }];
    case 'length':
      return [200, { length: body.length }];
    case 'status':
      return [Number(second), { why: 'asked for' }];
    case 'empty':
      return [204];
    default:
      return [404, { why: `no ${pathname}` }];
  }
}

http
  .createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const [status, value] = answer(request, Buffer.concat(chunks));
      if (value === undefined) response.writeHead(status).end();
      else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    });
  })
  .listen(stage.appPort, '127.0.0.1');

module.exports = { events };
