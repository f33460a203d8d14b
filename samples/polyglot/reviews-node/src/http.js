import { createHash, timingSafeEqual } from 'node:crypto';
import { Unavailable } from './sidecar.js';

/** The largest order, fifty lines with long names in any script, has room in it. */
export const MAX_BODY = 256 * 1024;

/** An answer that is a failure, as problem details (RFC 9457). */
export class Problem extends Error {
  constructor(status, title, detail, more = {}) {
    super(detail);
    Object.assign(this, { status, title, more });
  }
}

/** Serves routes; with a token only to those who show it. */
export function handler(routes, token) {
  const expected = token ? digest(token) : null;
  return async (request, response) => {
    try {
      if (expected && !timingSafeEqual(digest(request.headers['dapr-api-token'] ?? ''), expected))
        throw new Problem(401, 'Unauthorized', "The header dapr-api-token does not carry this service's token.");
      const { answer, groups } = find(routes, request);
      send(response, await answer({ json: () => readJson(request) }, ...groups));
    } catch (failure) {
      fail(request, response, failure);
    }
  };
}

function find(routes, request) {
  const path = request.url.split('?', 1)[0];
  const there = routes.filter((route) => route.path.test(path));
  const found = there.find((route) => route.method === request.method);
  if (found) return { answer: found.answer, groups: found.path.exec(path).slice(1) };
  if (there.length === 0) throw new Problem(404, 'Not found', `There is nothing at ${path}.`);
  throw new Problem(405, 'Method not allowed', `${path} takes ${there.map((route) => route.method).join(', ')}.`);
}

async function readJson(request) {
  const chunks = [];
  let size = 0;
  // Not destroyed when it is too large: the answer still has to go out on its connection.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > MAX_BODY) throw new Problem(413, 'Body too large', `The body has more than ${MAX_BODY} bytes.`);
    chunks.push(chunk);
  }

  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch (failure) {
    throw new Problem(400, 'The body is not valid JSON', failure.message);
  }
}

function fail(request, response, failure) {
  if (request.destroyed && !request.complete) return; // The client went away: nobody to tell.
  const problem =
    failure instanceof Problem ? failure
    : failure instanceof Unavailable ? new Problem(503, 'Temporarily unavailable', 'The state store cannot be reached; try again.')
    : new Problem(500, 'Internal error', 'Something went wrong.');
  if (problem !== failure) console.error(`${request.method} ${request.url}: ${failure instanceof Unavailable ? failure.message : failure.stack}`);
  send(response, {
    status: problem.status,
    body: { title: problem.title, status: problem.status, detail: problem.message, ...problem.more },
    headers: {
      'content-type': 'application/problem+json',
      ...(problem.status === 503 && { 'retry-after': '1' }),
    },
  });
}

function send(response, { status, body, headers = {} }) {
  const text = JSON.stringify(body);
  // What is left of a body is not read.
  const connection = response.req.complete ? {} : { connection: 'close' };
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...connection, ...headers });
  response.end(text);
}

// Of one length, so that the time of the comparison tells nothing about the token.
const digest = (token) => createHash('sha256').update(token).digest();
