// oidc-provider, a certified OpenID provider, with its own pages for login and consent, which take any name and password.
//
//     node authorization_server.mjs RESOURCE
//
// Gives tokens for RESOURCE alone, an MCP server's URL. Access tokens live ACCESS_TOKEN_TTL seconds. Says its issuer
// on stdout, and ends with its stdin.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";

// The packages are installed outside the checkout: NODE_PEERS says where.
const require = createRequire(join(process.env.NODE_PEERS, "package.json"));
const { Provider, errors } = await import(require.resolve("oidc-provider"));

const resource = process.argv[2];
const ttl = Number(process.env.ACCESS_TOKEN_TTL ?? 3600);
const scopes = ["openid", "offline_access", "read"];

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    scopes,
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async (ctx, client) => client.grantTypeAllowed("refresh_token"),
    ttl: { AccessToken: ttl, RefreshToken: 86400, Session: 86400, Grant: 86400, Interaction: 3600, IdToken: 3600 },
    features: {
      devInteractions: { enabled: true },
      registration: { enabled: true },
      revocation: { enabled: true },
      deviceFlow: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: (ctx, indicator) => {
          if (indicator !== resource) throw new errors.InvalidTarget();
          return { scope: "read", audience: resource, accessTokenFormat: "jwt", accessTokenTTL: ttl };
        },
      },
    },
  });
  server.on("request", provider.callback());
  console.log(issuer);
});

process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
