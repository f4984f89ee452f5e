// openid-client with the extensions that certified profiles use: DPoP, PAR, JAR, JARM, private_key_jwt, encrypted and signed
// answers, and introspection as a JWT. It verifies, decrypts and refuses by itself; Signet is a stranger to it.

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

let signet;
let browser;
let port;
let listener;
let lastCallback;
let signing;
let curve;
let rsa;

const toml = (jwk) => `{ ${Object.entries(jwk).map(([name, value]) => `${name} = "${value}"`).join(', ')} }`;

before(async () => {
  port = await freePort();
  signing = await generateKeyPair('ES256', { extractable: true });
  curve = await generateKeyPair('ECDH-ES+A256KW', { extractable: true });
  rsa = await generateKeyPair('RSA-OAEP-256', { extractable: true });
  const jwks = [
    { ...(await exportJWK(signing.publicKey)), kid: 'sig', alg: 'ES256', use: 'sig' },
    { ...(await exportJWK(curve.publicKey)), kid: 'curve', alg: 'ECDH-ES+A256KW', use: 'enc' },
    { ...(await exportJWK(rsa.publicKey)), kid: 'rsa', alg: 'RSA-OAEP-256', use: 'enc' },
  ];
  // the library makes another proof, and another assertion, whenever it is told of a nonce
  signet = await startSignet({ settings: { SIGNET_SECURITY__DPOP_NONCES: 'true' } });
  const app = (id, more) => `
[[clients]]
client_id = "${id}"
token_endpoint_auth_method = "private_key_jwt"
redirect_uris = ["http://localhost:${port}/callback"]
grant_types = ["authorization_code", "refresh_token"]
scope = "openid profile email offline_access"
require_consent = false
jwks = { keys = [${jwks.map(toml).join(', ')}] }
${more}
`;
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
${app('bound', 'dpop_bound_access_tokens = true\nrequire_pushed_authorization_requests = true')}
${app('jar', 'request_object_signing_alg = "ES256"')}
${app('jarm', 'authorization_signed_response_alg = "ES256"')}
${app(
  'sealed-jarm',
  'authorization_signed_response_alg = "ES256"\nauthorization_encrypted_response_alg = "RSA-OAEP-256"\nauthorization_encrypted_response_enc = "A256GCM"',
)}
${app(
  'sealed',
  `id_token_encrypted_response_alg = "ECDH-ES+A256KW"
id_token_encrypted_response_enc = "A128CBC-HS256"
userinfo_signed_response_alg = "ES256"
userinfo_encrypted_response_alg = "RSA-OAEP-256"
userinfo_encrypted_response_enc = "A256GCM"
introspection_signed_response_alg = "ES256"
introspection_encrypted_response_alg = "RSA-OAEP-256"
introspection_encrypted_response_enc = "A128GCM"`,
)}
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

function discover(id, metadata = {}) {
  const authentication = client.PrivateKeyJwt({ key: signing.privateKey, kid: 'sig' });
  const options = { execute: [client.allowInsecureRequests] };
  return client.discovery(new URL(signet.issuer), id, metadata, authentication, options);
}

/** Goes through the pages as carol and returns the address that the app was called back at. */
async function signIn(url) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url.href);
  await page.fill('form#sign-in [name=identifier]', 'carol');
  await page.fill('form#sign-in [name=password]', 'correct horse battery staple');
  await page.click('#sign-in-submit');
  await page.waitForSelector('text=back at the app');
  await context.close();
  return new URL(lastCallback, `http://localhost:${port}`);
}

async function request(more = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  return {
    parameters: {
      redirect_uri: `http://localhost:${port}/callback`,
      scope: 'openid email',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      ...more,
    },
    checks: { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
  };
}

test('a pushed request, and tokens tied to a key from the code to the refresh', async () => {
  const config = await discover('bound');
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
  const { parameters, checks } = await request();
  const url = await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP });
  assert.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri']);
  const back = await signIn(url);
  const tokens = await client.authorizationCodeGrant(config, back, checks, undefined, { DPoP });
  assert.equal(tokens.token_type, 'dpop');
  const { sub } = tokens.claims();
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP });
  assert.equal(userinfo.email, 'carol@example.com');
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
  assert.equal(renewed.token_type, 'dpop');
  const known = await client.tokenIntrospection(config, renewed.access_token);
  assert.equal(known.token_type, 'DPoP');
  assert.equal(known.cnf.jkt, await DPoP.calculateThumbprint());
  // without the key, or with another one, it is nothing
  await assert.rejects(client.fetchUserInfo(config, renewed.access_token, sub));
  const stranger = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
  await assert.rejects(client.fetchUserInfo(config, renewed.access_token, sub, { DPoP: stranger }));
});

test('a signed request object', async () => {
  const config = await discover('jar');
  const { parameters, checks } = await request();
  const url = await client.buildAuthorizationUrlWithJAR(config, parameters, { key: signing.privateKey, kid: 'sig' });
  assert.ok(url.searchParams.get('request'));
  const tokens = await client.authorizationCodeGrant(config, await signIn(url), checks);
  assert.ok(tokens.claims().sub);
});

for (const [id, metadata] of [
  ['jarm', { authorization_signed_response_alg: 'ES256' }],
  ['sealed-jarm', { authorization_signed_response_alg: 'ES256' }],
]) {
  test(`the response as a JWT: ${id}`, async () => {
    const config = await discover(id, metadata);
    client.useJwtResponseMode(config);
    const decryption = { key: rsa.privateKey, alg: 'RSA-OAEP-256', kid: 'rsa' };
    if (id === 'sealed-jarm') client.enableDecryptingResponses(config, ['A256GCM'], decryption);
    const { parameters, checks } = await request();
    const back = await signIn(client.buildAuthorizationUrl(config, parameters));
    assert.deepEqual([...back.searchParams.keys()], ['response']);
    assert.equal(back.searchParams.get('response').split('.').length, id === 'jarm' ? 3 : 5);
    const tokens = await client.authorizationCodeGrant(config, back, checks);
    assert.ok(tokens.claims().sub);
  });
}

test('ID token, userinfo and introspection are signed and then encrypted to the app', async () => {
  const config = await discover('sealed', {
    userinfo_signed_response_alg: 'ES256',
    introspection_signed_response_alg: 'ES256',
  });
  client.enableDecryptingResponses(
    config,
    ['A128CBC-HS256', 'A256GCM', 'A128GCM'],
    { key: curve.privateKey, alg: 'ECDH-ES+A256KW', kid: 'curve' },
    { key: rsa.privateKey, alg: 'RSA-OAEP-256', kid: 'rsa' },
  );
  const { parameters, checks } = await request();
  const back = await signIn(client.buildAuthorizationUrl(config, parameters));
  const tokens = await client.authorizationCodeGrant(config, back, checks);
  assert.equal(tokens.id_token.split('.').length, 5);
  const { sub } = tokens.claims();
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, sub);
  assert.equal(userinfo.email, 'carol@example.com');
  assert.equal(userinfo.aud, 'sealed');
  const known = await client.tokenIntrospection(config, tokens.access_token);
  assert.equal(known.active, true);
  assert.equal(known.sub, sub);
});
