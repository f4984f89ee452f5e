// A certified relying-party library (openid-client) against the running server, without any knowledge of Signet.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import './support/node18.mjs';
import * as client from 'openid-client';
import { exportJWK, generateKeyPair } from 'jose';

import { launch } from './support/browser.mjs';
import { freePort, startSignet } from './support/processes.mjs';

const SECRET = 'a-secret-that-is-long-enough-for-hs256-too';
const API = 'https://api.example.com/clients';

let signet;
let browser;
let port;
let key;
let lastCallback;
let listener;

before(async () => {
  port = await freePort();
  key = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(key.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
  signet = await startSignet();
  const redirect = `redirect_uris = ["http://localhost:${port}/callback"]
post_logout_redirect_uris = ["http://localhost:${port}/bye"]
grant_types = ["authorization_code", "refresh_token", "client_credentials"]
require_consent = false`;
  const file = join(signet.folder, 'clients.toml');
  await writeFile(
    file,
    `
[[users]]
username = "carol"
password = "correct horse battery staple"
[users.profile]
email = "carol@example.com"
email_verified = true
name = "Carol Jones"

[[resources]]
identifier = "${API}"
scopes = ["orders:read"]

${['basic', 'post', 'jwt']
  .map(
    (way) => `[[clients]]
client_id = "secret-${way}"
client_secret = "${SECRET}"
token_endpoint_auth_method = "client_secret_${way}"
scope = "openid profile email offline_access orders:read"
${redirect}
`,
  )
  .join('\n')}
[[clients]]
client_id = "private-key"
token_endpoint_auth_method = "private_key_jwt"
scope = "openid profile email offline_access orders:read"
jwks = { keys = [{ ${Object.entries(jwk).map(([name, value]) => `${name} = "${value}"`).join(', ')} }] }
${redirect}

[[clients]]
client_id = "public"
token_endpoint_auth_method = "none"
redirect_uris = ["http://127.0.0.1/callback"]
grant_types = ["authorization_code", "refresh_token"]
require_consent = false
`,
  );
  await signet.apply(file);
  listener = createServer((request, response) => {
    if (request.url !== '/favicon.ico') lastCallback = request.url;
    response.end('back at the app');
  });
  await new Promise((done) => listener.listen(port, '127.0.0.1', done));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  listener?.close();
  await signet?.stop();
});

function discover(id, authentication) {
  return client.discovery(new URL(signet.issuer), id, undefined, authentication, { execute: [client.allowInsecureRequests] });
}

/** Goes through the pages as carol and returns the address that the app was called back at. */
async function signIn(url, context) {
  const own = context ?? (await browser.newContext());
  const page = await own.newPage();
  await page.goto(url.href);
  if (await page.$('form#sign-in')) {
    await page.fill('form#sign-in [name=identifier]', 'carol');
    await page.fill('form#sign-in [name=password]', 'correct horse battery staple');
    await page.click('#sign-in-submit');
  }
  await page.waitForSelector('text=back at the app');
  await page.close();
  if (!context) await own.close();
  return new URL(lastCallback, `http://localhost:${port}`);
}

const ways = [
  ['secret-basic', () => client.ClientSecretBasic(SECRET)],
  ['secret-post', () => client.ClientSecretPost(SECRET)],
  ['secret-jwt', () => client.ClientSecretJwt(SECRET)],
  ['private-key', () => client.PrivateKeyJwt({ key: key.privateKey, kid: 'one' })],
];

for (const [id, authentication] of ways) {
  test(`code, userinfo, refresh, introspection, revocation and logout: ${id}`, async () => {
    const config = await discover(id, authentication());
    const verifier = client.randomPKCECodeVerifier();
    const [state, nonce] = [client.randomState(), client.randomNonce()];
    const context = await browser.newContext();
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: `http://localhost:${port}/callback`,
      scope: 'openid profile email offline_access',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    });
    const back = await signIn(url, context);
    const tokens = await client.authorizationCodeGrant(config, back, {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
    });
    const { sub } = tokens.claims();
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, sub);
    assert.equal(userinfo.email, 'carol@example.com');
    assert.equal(userinfo.name, 'Carol Jones');

    const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
    assert.equal(renewed.claims().sub, sub);
    assert.notEqual(renewed.refresh_token, tokens.refresh_token);
    assert.equal((await client.tokenIntrospection(config, renewed.access_token)).active, true);
    await client.tokenRevocation(config, renewed.refresh_token);
    assert.equal((await client.tokenIntrospection(config, renewed.refresh_token)).active, false);
    assert.equal((await client.tokenIntrospection(config, renewed.access_token)).active, false);
    await assert.rejects(client.refreshTokenGrant(config, renewed.refresh_token), { error: 'invalid_grant' });

    const page = await context.newPage();
    await page.goto(
      client.buildEndSessionUrl(config, {
        id_token_hint: tokens.id_token,
        post_logout_redirect_uri: `http://localhost:${port}/bye`,
        state: 'and-back',
      }).href,
    );
    await page.waitForSelector('text=back at the app');
    assert.equal(lastCallback, '/bye?state=and-back');
    await context.close();
  });

  test(`client_credentials for an API: ${id}`, async () => {
    const config = await discover(id, authentication());
    const tokens = await client.clientCredentialsGrant(config, { resource: API, scope: 'orders:read' });
    const [, payload] = tokens.access_token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    assert.deepEqual([claims.sub, claims.client_id, claims.scope], [id, id, 'orders:read']);
    assert.ok([claims.aud].flat().includes(API));
  });
}

test('a public client with PKCE and a loopback address of any port', async () => {
  const config = await discover('public', client.None());
  const verifier = client.randomPKCECodeVerifier();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: `http://127.0.0.1:${port}/callback`,
    scope: 'openid email',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  const back = await signIn(url);
  const at = new URL(back.pathname + back.search, `http://127.0.0.1:${port}`);
  const tokens = await client.authorizationCodeGrant(config, at, { pkceCodeVerifier: verifier });
  assert.ok(tokens.claims().sub);
});

test('without PKCE a public client is refused in the answer to the app', async () => {
  const config = await discover('public', client.None());
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: `http://127.0.0.1:${port}/callback`,
    scope: 'openid',
    state: 's',
  });
  const back = await signIn(url);
  assert.equal(back.searchParams.get('error'), 'invalid_request');
  assert.equal(back.searchParams.get('iss'), signet.issuer);
});
