// What all scripts share. A script says its checks and calls play(); each check prints one line, `ok NAME` or `not ok NAME: REASON`.
// The tests read the names from the source, so a check is `check(both|http|grpc, 'NAME', ...` at the start of a line.
// Argument: {"protocol", "appPort", "sidecars": {ID: {"http", "grpc"}}} as JSON.
'use strict';
const assert = require('node:assert/strict');
const { inspect } = require('node:util');
const dapr = require('@dapr/dapr');

const stage = JSON.parse(process.argv[2]);
const http = ['http'];
const grpc = ['grpc'];
const both = ['http', 'grpc'];
const checks = [];

/** Nothing here takes long; the limit is for machines that do. */
const patience = 60_000;

const quiet = { level: dapr.LogLevel.Error, service: { error() {}, warn() {}, info() {}, verbose() {}, debug() {} } };

function check(protocols, name, body) {
  if (protocols.includes(stage.protocol)) checks.push({ name, body });
}

async function play() {
  for (const { name, body } of checks) {
    try {
      await within(body(), `the end of '${name}'`);
      console.log(`ok ${name}`);
    } catch (failure) {
      const reason = failure instanceof Error ? failure.stack : inspect(failure);
      console.log(`not ok ${name}: ${reason.replace(/\s*\n\s*/g, ' | ')}`);
    }
  }
  console.log('played');
  process.exit(0);
}

/** Awaits a promise, or fails naming what was awaited. */
async function within(promise, what, milliseconds = patience) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${milliseconds} ms in vain for: ${what}`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks until the answer is truthy; what throws counts as not yet. */
async function eventually(probe, what) {
  let last;
  for (const end = Date.now() + patience; Date.now() < end; ) {
    try {
      const found = await probe();
      if (found) return found;
      last = undefined;
    } catch (failure) {
      last = failure;
    }
    await new Promise((resume) => setTimeout(resume, 25));
  }
  throw new Error(`waited ${patience} ms in vain for: ${what}${last ? `; at last: ${last}` : ''}`);
}

/** What came in, to be awaited by what it looks like: also what was there before. */
class Inbox {
  #items = [];
  #waiting = [];

  add(item) {
    this.#items.push(item);
    for (const look of [...this.#waiting]) look();
  }

  all(match = () => true) {
    return this.#items.filter(match);
  }

  first(match, what) {
    return this.several(1, match, what).then(([item]) => item);
  }

  several(count, match, what) {
    const found = new Promise((resolve) => {
      const look = () => {
        const items = this.#items.filter(match);
        if (items.length < count) return false;
        this.#waiting = this.#waiting.filter((other) => other !== look);
        resolve(items);
        return true;
      };
      if (!look()) this.#waiting.push(look);
    });
    return within(found, `${what}; came: ${inspect(this.#items, { depth: 4, maxStringLength: 200 })}`);
  }
}

const address = (id, path) => `http://127.0.0.1:${stage.sidecars[id].http}${path}`;

/** The sidecar and its app are ready, subscriptions included. */
function healthy(id) {
  return eventually(async () => (await fetch(address(id, '/v1.0/healthz'))).ok, `health of the sidecar ${id}`);
}

function clientOptions(id, more = {}) {
  const communicationProtocol = stage.protocol === 'grpc' ? dapr.CommunicationProtocolEnum.GRPC : dapr.CommunicationProtocolEnum.HTTP;
  return { daprHost: '127.0.0.1', daprPort: String(stage.sidecars[id][stage.protocol]), communicationProtocol, logger: quiet, ...more };
}

const clientOf = (id, more) => new dapr.DaprClient(clientOptions(id, more));

const serverOf = (id, more) =>
  new dapr.DaprServer({
    serverHost: '127.0.0.1',
    serverPort: String(stage.appPort),
    communicationProtocol: clientOptions(id).communicationProtocol,
    clientOptions: clientOptions(id, more),
    logger: quiet,
  });

/**
 * How the SDK surfaces a failure. Over HTTP its error is a JSON text of status and body, over gRPC a ConnectError with a code;
 * some calls throw it, some return it, and publish over gRPC throws a thing that holds it.
 */
async function failureOf(call) {
  let outcome;
  try {
    outcome = await call();
  } catch (thrown) {
    outcome = { error: thrown.error ?? thrown };
  }
  const error = outcome?.error;
  assert.ok(error, `it did not fail, but gave ${inspect(outcome)}`);
  if (stage.protocol === 'grpc') return { code: error.code, message: error.rawMessage, details: (error.details ?? []).map(readDetail) };
  const { status, error_msg: body } = JSON.parse(error.message);
  return { status, body, ...(body.startsWith('{') ? JSON.parse(body) : {}) };
}

const readDetail = ({ type, value }) => `${type} ${Buffer.from(value).toString('utf8')}`;

/** The failure has this status and error code over HTTP; this code, and this reason among its details, over gRPC. */
async function fails(call, expected) {
  const failure = await failureOf(call);
  if (stage.protocol === 'http') {
    assert.deepEqual({ status: failure.status, errorCode: failure.errorCode }, expected.http, inspect(failure));
  } else {
    assert.equal(failure.code, expected.grpc.code, inspect(failure));
    if (expected.grpc.reason) {
      assert.ok(failure.details.some((detail) => detail.includes('ErrorInfo') && detail.includes(expected.grpc.reason)), inspect(failure));
    }
  }
  if (expected.message) assert.match(failure.message, expected.message);
  return failure;
}

module.exports = { Inbox, address, assert, both, check, clientOf, dapr, eventually, failureOf, fails, grpc, healthy, http, play, quiet, serverOf, stage, within };
