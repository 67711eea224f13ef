// A server made with the newest TypeScript SDK. It speaks 2026-07-28, and what came before it.
//
// node typescript_sdk.mjs NODE_MODULES stdio|http
//
// Over HTTP it listens on a free port and prints `LISTENING <port>`. The tests expect the same tools of python_sdk.py.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';

const [node_modules, transport] = process.argv.slice(2);
const require = createRequire(path.join(node_modules, 'x.js'));
const { McpServer, acceptedContent, createMcpHandler, inputRequired } = require('@modelcontextprotocol/server');
const { serveStdio } = require('@modelcontextprotocol/server/stdio');
const { toNodeHandler } = require('@modelcontextprotocol/node');
const { z } = require('zod');

const text = (text) => ({ content: [{ type: 'text', text }] });

// Over HTTP every request has a server object of its own, and what has been revealed is known to all of them.
let revealed = false;
let announce = () => {};

function make_server() {
  const server = new McpServer({ name: 'typescript-sdk', version: '1.0.0' }, { capabilities: { tools: { listChanged: true } } });

  server.registerTool('add', {
    description: 'Adds two numbers.',
    inputSchema: z.object({ a: z.number().int(), b: z.number().int() }),
    outputSchema: z.object({ sum: z.number().int() }),
    annotations: { readOnlyHint: true },
  }, ({ a, b }) => ({ ...text(`${a + b}`), structuredContent: { sum: a + b } }));

  server.registerTool('locate', {
    description: 'Says where it was sent to; the region travels as a header, too.',
    inputSchema: z.object({ region: z.string().meta({ 'x-mcp-header': 'Region' }), count: z.number().int().optional() }),
  }, ({ region }) => text(`in ${region}`));

  server.registerTool('greet', { description: 'Asks for a name.', inputSchema: z.object({}) }, (_, context) => {
    const answers = context.mcpReq.inputResponses;
    if (answers?.name === undefined) {
      const requestedSchema = z.object({ name: z.string() });
      return inputRequired({ inputRequests: { name: inputRequired.elicit({ message: 'Who is there?', requestedSchema }) } });
    }
    const accepted = acceptedContent(answers, 'name');
    return text(accepted ? `Hello, ${accepted.name}` : 'Hello, nobody');
  });

  server.registerTool('count', {
    description: 'Counts and reports progress.',
    inputSchema: z.object({ steps: z.number().int() }),
  }, async ({ steps }, context) => {
    const progressToken = context.mcpReq._meta?.progressToken;
    for (let step = 1; progressToken !== undefined && step <= steps; step += 1) {
      await context.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: step, total: steps } });
    }
    return text(`counted to ${steps}`);
  });

  server.registerTool('fail', { description: 'Fails.', inputSchema: z.object({}) }, () => { throw new Error('as it must'); });

  const reveal = () => server.registerTool('hidden', { description: 'Was hidden.', inputSchema: z.object({}) }, () => text('found'));
  server.registerTool('reveal', { description: 'Reveals another tool.', inputSchema: z.object({}) }, () => {
    if (!revealed) {
      revealed = true;
      if (transport === 'stdio') reveal();
      announce();
    }
    return text('revealed');
  });
  if (revealed) reveal();
  return server;
}

if (transport === 'stdio') {
  serveStdio(make_server);
} else {
  const handler = createMcpHandler(make_server);
  announce = () => handler.notify.toolsChanged();
  const server = createServer(toNodeHandler(handler));
  server.listen(0, '127.0.0.1', () => console.log(`LISTENING ${server.address().port}`));
}
