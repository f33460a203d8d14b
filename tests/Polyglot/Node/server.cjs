// The SDK's server as the app of the sidecar `server`: events, invocations and bindings as its handlers get them.
'use strict';
const { healthy, play, serverOf } = require('./checks.cjs');

const server = serverOf('server');
module.exports = { server };

(async () => {
  await require('./server-pubsub.cjs').subscribe();
  await require('./server-invoke.cjs').listen();
  await require('./server-bindings.cjs').receive();
  await server.start();
  await healthy('server');
  await play();
})();
