// Loaded into a Node server before its own code: its first listener takes a free port of the loopback interface (or
// that of the server that it replaces), and the port is printed. The server itself takes its port from the environment and never says which one it got.
'use strict';
const net = require('node:net');
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...given) {
  net.Server.prototype.listen = listen;
  const whenListening = given.find((argument) => typeof argument === 'function');
  this.once('listening', () => console.log(`LISTENING ${this.address().port}`));
  const port = Number(process.env.MCPO_TEST_PORT ?? 0);
  return listen.call(this, { port, host: '127.0.0.1' }, whenListening);
};
