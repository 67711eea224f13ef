// npm oidc-provider as an authorization server, and a small MCP server that it protects.
//
// node oidc_provider.mjs NODE_MODULES OPTIONS
//
// Both listen on free ports of their own; `LISTENING <server's port> <provider's port>` says that they do. OPTIONS is a JSON
// object, see `defaults`. Whoever comes to log in consents at once, to all but the scopes in `deny`. `POST /control` at the
// MCP server, with a JSON object, changes options that are read while it runs, or does what `forget` names.
import { createServer } from 'node:http';
import { createHash, createPublicKey, randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

// The provider's notes; nobody reads standard output once the ports are known.
console.info = console.error;

const [nodeModules, given] = process.argv.slice(2);
const require = createRequire(path.join(nodeModules, 'x.js'));
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { Provider } = await load('oidc-provider');
const jose = await load('jose');

const defaults = {
  // Access tokens: `jwt`, which the MCP server checks by itself, or `opaque`, for which it asks the provider.
  format: 'opaque',
  // How long access tokens live, in seconds.
  lifetime: 3600,
  // Ways of client authentication on offer.
  methods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  // Clients that are registered by hand. `pem` is the private key of one that authenticates by its key.
  clients: [],
  // Client id metadata documents by their address: what the provider would find there.
  documents: {},
  // Whether requests must be pushed.
  par: false,
  // Whether tokens must be bound by DPoP, with nonces of both servers.
  dpop: false,
  // Whether a request without `resource` is refused.
  resourceRequired: true,
  // The scope of the challenge.
  challengeScope: 'mcp:read',
  // Scopes that the person does not grant.
  deny: [],
};
const options = { ...defaults, ...JSON.parse(given ?? '{}') };

const clients = options.clients.map(({ pem, ...client }) => (
  pem ? { ...client, jwks: { keys: [createPublicKey(pem).export({ format: 'jwk' })] } } : client
));

// What a tool of the MCP server wants.
const tools = { read: 'mcp:read', write: 'mcp:write', admin: 'mcp:admin' };
const resourceScopes = Object.values(tools);
const introspector = { client_id: 'the-resource-server', client_secret: randomUUID() };

async function listen() {
  const server = createServer();
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return { server, origin: `http://127.0.0.1:${server.address().port}`, port: server.address().port };
}

const body = async (request) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
};

const as = await listen();
const rs = await listen();
const isResource = (resource) => [`${rs.origin}/mcp`, `${rs.origin}/other`].includes(resource);
const { InvalidTarget } = (await load('oidc-provider')).errors;

// The pages of a login on another device, each with its button within the form.
const page = async (context, form) => {
  context.body = form.replace('</form>', '<button type="submit">Continue</button></form>');
};

const provider = new Provider(as.origin, {
  clients: [
    { ...introspector, grant_types: [], redirect_uris: [], response_types: [], token_endpoint_auth_method: 'client_secret_basic' },
    ...clients,
  ],
  clientAuthMethods: options.methods,
  cookies: { keys: [randomUUID()] },
  enabledJWA: { dPoPSigningAlgValues: ['ES256', 'EdDSA'] },
  fetch: async (url, init) => {
    const document = options.documents[String(url)];
    return document === undefined ? fetch(url, init) : Response.json(document);
  },
  features: {
    devInteractions: { enabled: false },
    clientIdMetadataDocument: { enabled: true, ack: 'draft-02' },
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true, userCodeInputSource: page, userCodeConfirmSource: page },
    dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => options.dpop },
    introspection: { enabled: true },
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: options.par },
    registration: { enabled: true },
    registrationManagement: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: async (context, client, oneOf) => {
        if (!oneOf && options.resourceRequired) throw new InvalidTarget('resource is required');
        return oneOf;
      },
      useGrantedResource: async () => !options.resourceRequired,
      getResourceServerInfo: async (context, resource) => {
        if (!isResource(resource)) throw new InvalidTarget();
        return {
          audience: resource,
          scope: resourceScopes.join(' '),
          accessTokenFormat: options.format,
          accessTokenTTL: options.lifetime,
        };
      },
    },
    revocation: { enabled: true },
    userinfo: { enabled: false },
  },
  findAccount: async (context, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  interactions: { url: (context, interaction) => `/interaction/${interaction.uid}` },
  issueRefreshToken: async (context, client) => client.grantTypeAllowed('refresh_token'),
  pkce: { required: () => true },
  rotateRefreshToken: true,
});

// The person: logs in and consents.
async function interact(request, response) {
  const { params } = await provider.interactionDetails(request, response);
  const grant = new provider.Grant({ accountId: 'the-person', clientId: params.client_id });
  const wanted = (params.scope ?? '').split(' ').filter((scope) => scope && !options.deny.includes(scope));
  grant.addOIDCScope(wanted.filter((scope) => !resourceScopes.includes(scope)).join(' '));
  for (const resource of [params.resource].flat().filter(Boolean)) {
    grant.addResourceScope(resource, wanted.filter((scope) => resourceScopes.includes(scope)).join(' '));
    grant.rejectResourceScope(resource, options.deny.join(' '));
  }
  const result = { login: { accountId: 'the-person' }, consent: { grantId: await grant.save() } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

const answer = provider.callback();
as.server.on('request', (request, response) => {
  if (!request.url.startsWith('/interaction/')) return void answer(request, response);
  interact(request, response).catch((error) => response.writeHead(500).end(String(error)));
});

// The MCP server.
const keys = jose.createRemoteJWKSet(new URL(`${as.origin}/jwks`));
const nonce = randomUUID();
const proofs = new Set();

// What a token says, or null when it is not good for this resource.
async function claims(token, resource) {
  if (options.format === 'jwt') {
    try {
      return (await jose.jwtVerify(token, keys, { issuer: as.origin, audience: resource, typ: 'at+jwt' })).payload;
    } catch {
      return null;
    }
  }
  const credentials = Buffer.from(`${introspector.client_id}:${introspector.client_secret}`).toString('base64');
  const found = await (await fetch(`${as.origin}/token/introspection`, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}` },
    body: new URLSearchParams({ token }),
  })).json();
  return found.active && found.aud === resource ? found : null;
}

// Whether a request proves that it holds the key of its token (RFC 9449 §7): null if so, else the error.
async function unproved(request, token, found, resource) {
  try {
    const { payload, protectedHeader } = await jose.jwtVerify(request.headers.dpop ?? '', jose.EmbeddedJWK, { typ: 'dpop+jwt' });
    if (payload.nonce !== nonce) return 'use_dpop_nonce';
    const hash = createHash('sha256').update(token).digest('base64url');
    const bound = await jose.calculateJwkThumbprint(protectedHeader.jwk) === found.cnf?.jkt;
    const good = payload.ath === hash && payload.htm === request.method && payload.htu === resource && bound;
    if (!good || proofs.has(payload.jti)) return 'invalid_dpop_proof';
    proofs.add(payload.jti);
    return null;
  } catch {
    return 'invalid_dpop_proof';
  }
}

function refuse(response, status, resource, parameters) {
  const scheme = options.dpop ? 'DPoP' : 'Bearer';
  const metadata = `${rs.origin}/.well-known/oauth-protected-resource${new URL(resource).pathname}`;
  const all = { ...parameters, resource_metadata: metadata, ...(options.dpop && { algs: 'ES256 EdDSA' }) };
  const text = Object.entries(all).filter(([, value]) => value).map(([name, value]) => `${name}="${value}"`).join(', ');
  const headers = { 'www-authenticate': `${scheme} ${text}`, ...(options.dpop && { 'dpop-nonce': nonce }) };
  response.writeHead(status, headers).end();
}

async function control(request, response) {
  const { forget, ...changes } = JSON.parse(await body(request));
  Object.assign(options, changes);
  if (forget) await provider.Client.adapter.destroy(forget);
  response.end('{}');
}

async function call(request, response) {
  const json = (status, value) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  if (request.url === '/control') return control(request, response);
  const [, place] = /^\/\.well-known\/oauth-protected-resource(\/mcp|\/other)$/.exec(request.url) ?? [];
  if (place) {
    return json(200, {
      resource: `${rs.origin}${place}`,
      authorization_servers: [as.origin],
      scopes_supported: ['mcp:read'],
      bearer_methods_supported: ['header'],
      ...(options.dpop && { dpop_bound_access_tokens_required: true }),
    });
  }
  const resource = `${rs.origin}${request.url}`;
  if (!isResource(resource)) return json(404, {});
  const [scheme, token] = (request.headers.authorization ?? '').split(' ');
  if (!token) return refuse(response, 401, resource, { scope: options.challengeScope });
  const found = await claims(token, resource);
  if (!found || scheme !== (options.dpop ? 'DPoP' : 'Bearer')) return refuse(response, 401, resource, { error: 'invalid_token' });
  const error = options.dpop ? await unproved(request, token, found, resource) : null;
  if (error) return refuse(response, 401, resource, { error });
  const message = JSON.parse(await body(request));
  const needed = tools[message.params?.name];
  const scopes = (found.scope ?? '').split(' ');
  if (needed && !scopes.includes(needed)) {
    return refuse(response, 403, resource, { error: 'insufficient_scope', scope: needed });
  }
  const text = `${message.params?.name} by ${found.sub ?? found.client_id}`;
  return json(200, { jsonrpc: '2.0', id: message.id, result: { content: [{ type: 'text', text }] } });
}

rs.server.on('request', (request, response) => {
  call(request, response).catch((error) => response.writeHead(500).end(String(error)));
});

console.log(`LISTENING ${rs.port} ${as.port}`);
