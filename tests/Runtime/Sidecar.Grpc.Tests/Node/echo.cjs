// What both scripts share: the Echo service, and rich errors as bytes. Arguments: folder of echo.proto, folder of google/rpc, port.
'use strict';
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const protobuf = require('protobufjs');

const [protos, rpcProtos, port] = process.argv.slice(2);
const definition = loader.loadSync(path.join(protos, 'echo.proto'), { keepCase: true, defaults: true });
const { Echo } = grpc.loadPackageDefinition(definition).sidecar.test;

const rich = new protobuf.Root();
rich.resolvePath = (origin, target) => (target.startsWith('google/protobuf/') ? target : path.isAbsolute(target) ? target : path.join(rpcProtos, target));
rich.loadSync([path.join(rpcProtos, 'google/rpc/status.proto'), path.join(rpcProtos, 'google/rpc/error_details.proto')]);
const Status = rich.lookupType('google.rpc.Status');
const detail = (name, value) => ({
  type_url: `type.googleapis.com/google.rpc.${name}`,
  value: rich.lookupType(`google.rpc.${name}`).encode(rich.lookupType(`google.rpc.${name}`).fromObject(value)).finish(),
});

module.exports = { grpc, Echo, Status, rich, detail, port };
