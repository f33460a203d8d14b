// The Ledger of ledger.proto by @grpc/grpc-js: the app of the sidecar `target`.
'use strict';
const path = require('node:path');
const grpcJs = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const { Inbox, stage } = require('./checks.cjs');

const definition = loader.loadSync(path.join(__dirname, 'ledger.proto'), { defaults: true, longs: Number });
const { Ledger } = grpcJs.loadPackageDefinition(definition).polyglot;
const cancelled = new Inbox();
const details = Buffer.from([8, 9, 18, 7, 114, 101, 102, 117, 115, 101, 100]); // google.rpc.Status { code: 9, message: "refused" }

function add(call, callback) {
  const trailers = new grpcJs.Metadata();
  trailers.set('after', 'a trailer');
  trailers.set('after-bin', Buffer.from([0, 1, 255]));
  const headers = new grpcJs.Metadata();
  headers.set('before', 'a header');
  headers.set('seen', JSON.stringify(call.metadata.getMap()));
  for (const value of call.metadata.get('x-data-bin')) headers.add('seen-bin', value);
  call.sendMetadata(headers);
  callback(null, { ...call.request, amount: call.request.amount + 1 }, trailers);
}

function sum(call, callback) {
  let amount = 0;
  let count = 0;
  call.on('data', (entry) => {
    amount += entry.amount;
    count++;
  });
  call.on('end', () => callback(null, { amount, count }));
}

function list(call) {
  call.on('cancelled', () => cancelled.add('list'));
  const { count, amount } = call.request;
  for (let n = 0; n < count; n++) call.write({ text: `entry ${n}`, amount: n });
  if (amount >= 0) call.end();
}

function match(call) {
  call.on('data', (entry) => call.write({ ...entry, text: entry.text.toUpperCase() }));
  call.on('end', () => call.end());
}

function refuse(call, callback) {
  const metadata = new grpcJs.Metadata();
  metadata.set('grpc-status-details-bin', details);
  metadata.set('why', 'asked for');
  callback({ code: grpcJs.status.FAILED_PRECONDITION, details: `refused: ${call.request.text}`, metadata });
}

function wait(call) {
  call.on('cancelled', () => cancelled.add('wait'));
}

function serve() {
  const server = new grpcJs.Server();
  server.addService(Object.fromEntries(Object.entries(Ledger.service).filter(([name]) => name !== 'Missing')), {
    Add: add, Sum: sum, List: list, Match: match, Refuse: refuse, Wait: wait,
  });
  return new Promise((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${stage.appPort}`, grpcJs.ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve(server))),
  );
}

module.exports = { Ledger, cancelled, details, grpcJs, serve };
