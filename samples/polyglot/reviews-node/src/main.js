import { createServer } from 'node:http';
import { handler } from './http.js';
import { routes } from './api.js';
import { Purchases } from './purchases.js';
import { Reviews } from './reviews.js';
import { Sidecar } from './sidecar.js';

const DRAIN_MS = 4000;
const LOOK_MS = 50;

const port = portOf('APP_PORT');
const state = new Sidecar(portOf('DAPR_HTTP_PORT'), process.env.DAPR_API_TOKEN);
const server = createServer(handler(routes(new Purchases(state), new Reviews(state)), process.env.APP_API_TOKEN));

// Longer than a sidecar keeps an idle connection: it must not send on one that is being closed here.
server.keepAliveTimeout = 120_000;
server.listen(port, '127.0.0.1', () => console.log(`reviews listens on http://127.0.0.1:${port}`));
server.on('error', (failure) => {
  console.error(`reviews cannot listen on port ${port}: ${failure.message}`);
  process.exit(1);
});
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, stop);

// Requests under way are answered; what does not end by then is delivered again, as after a kill.
function stop() {
  server.close(() => process.exit(0));
  setInterval(() => server.closeIdleConnections(), LOOK_MS).unref();
  setTimeout(() => process.exit(0), DRAIN_MS).unref();
}

function portOf(name) {
  const port = Number(process.env[name]);
  if (Number.isInteger(port) && port > 0 && port < 65536) return port;
  console.error(`${name} is '${process.env[name] ?? ''}', which is not a port; dapr run sets it`);
  process.exit(1);
}
