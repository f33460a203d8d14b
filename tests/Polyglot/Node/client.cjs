// The SDK's client, against a sidecar `caller` without an app and a sidecar `target` with the app of app.cjs.
'use strict';
const { healthy, play } = require('./checks.cjs');

require('./app.cjs');
require('./client-state.cjs');
require('./client-pubsub.cjs');
require('./client-invoke.cjs');
require('./client-sidecar.cjs'); // Last: it ends the sidecar.

Promise.all([healthy('caller'), healthy('target')]).then(play);
