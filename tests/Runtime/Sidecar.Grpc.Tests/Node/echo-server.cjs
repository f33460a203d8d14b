// The server side of echo.proto on grpc-js, as Support/EchoService.cs has it.
'use strict';
const { grpc, Echo, Status, detail, port } = require('./echo.cjs');

const say = (line) => process.stdout.write(line + '\n');

function failure(request) {
  const metadata = new grpc.Metadata();
  metadata.set('after', 'a trailer');
  metadata.set('after-bin', Buffer.from([0, 1, 255]));
  const details = [
    detail('ErrorInfo', { reason: 'REASON', domain: 'example.com', metadata: { key: 'välue' } }),
    detail('ResourceInfo', { resourceType: 'thing', resourceName: 'one' }),
  ];
  const status = Status.fromObject({ code: request.count, message: request.text, details });
  metadata.set('grpc-status-details-bin', Buffer.from(Status.encode(status).finish()));
  return { code: request.count, details: request.text, metadata };
}

function wait(call, name) {
  call.on('cancelled', () => say(`cancelled ${name}`));
}

function unary(call, answer) {
  const { behave, text, data, count } = call.request;
  const reply = { text, data: count > 0 ? Buffer.alloc(count) : data, count };
  if (behave === 'fail') return answer(failure(call.request));
  if (behave === 'wait') return wait(call, 'Unary');
  if (behave === 'deadline') return answer(null, { text: Number.isFinite(+call.getDeadline()) ? 'some' : 'none' });
  if (behave !== 'metadata') return answer(null, reply);
  const [headers, trailers] = [new grpc.Metadata(), new grpc.Metadata()];
  for (const key of Object.keys(call.metadata.getMap()).filter((name) => name.startsWith('x-'))) {
    for (const value of call.metadata.get(key)) {
      headers.add(key, value);
      trailers.add('t' + key, value);
    }
  }
  call.sendMetadata(headers);
  return answer(null, reply, trailers);
}

function clientStream(call, answer) {
  let [text, count, failed] = ['', 0, false];
  call.on('data', (request) => {
    if (request.behave === 'fail') {
      failed = true;
      answer(failure(request));
    }
    if (request.behave === 'pause') {
      call.pause();
      wait(call, 'ClientStream');
      say('paused');
    }
    text += request.text;
    count++;
  });
  call.on('end', () => failed || answer(null, { text, count }));
}

async function serverStream(call) {
  const { behave, text, count } = call.request;
  for (let at = 0; at < count; at++) {
    if (!call.write({ text, count: at })) await new Promise((go) => call.once('drain', go));
  }
  if (behave === 'fail-after') call.emit('error', { code: grpc.status.ABORTED, details: text });
  else if (behave === 'wait-after') wait(call, 'ServerStream');
  else call.end();
}

function duplex(call) {
  wait(call, 'Duplex');
  call.on('data', ({ text, data, count }) => call.write({ text, data, count }));
  call.on('end', () => call.end());
}

const server = new grpc.Server();
server.addService(Echo.service, { Unary: unary, ClientStream: clientStream, ServerStream: serverStream, Duplex: duplex });
server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
  say('listening');
});
