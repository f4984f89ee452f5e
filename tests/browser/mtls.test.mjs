// openid-client with certificates (RFC 8705), against the server of the conformance suite: what it holds is in
// config/conformance. The client signs in by a name in its certificate, and its tokens are tied to it.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { after, before, test } from 'node:test';

import './support/node18.mjs';
import * as client from 'openid-client';

import { launch } from './support/browser.mjs';
import { freePort, startSignet } from './support/processes.mjs';

const files = new URL('../../config/conformance/', import.meta.url);
const redirectUri = 'https://suite.test:8443/test/a/acme/callback';

let signet;
let browser;
let issuer;
let aliases;

const pem = (name) => readFile(new URL(`keys/${name}.pem`, files));

/** A fetch that trusts the server's certificate and shows this one, or none. */
async function fetchAs(name) {
  const ca = await pem('server.cert');
  const identity = name ? { cert: await pem(`${name}.cert`), key: await pem(`${name}.key`) } : {};
  return (url, { method, headers, body }) =>
    new Promise((done, failed) => {
      const options = { method, headers: Object.fromEntries(new Headers(headers)), ca, agent: false, ...identity };
      const call = request(url, options, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => {
          const told = new Headers();
          for (const [header, value] of Object.entries(response.headers)) told.set(header, String(value));
          const text = Buffer.concat(chunks);
          done(new Response(text.length ? text : null, { status: response.statusCode, headers: told }));
        });
      });
      call.on('error', failed);
      call.end(body === undefined || body === null ? undefined : String(body));
    });
}

async function discover(id, certificate) {
  const metadata = { use_mtls_endpoint_aliases: true, id_token_signed_response_alg: 'PS256' };
  const options = { [client.customFetch]: await fetchAs(certificate) };
  return client.discovery(new URL(issuer), id, metadata, client.TlsClientAuth(), options);
}

before(async () => {
  const [port, own] = [await freePort(), await freePort()];
  issuer = `https://localhost:${port}`;
  aliases = `https://localhost:${own}`;
  signet = await startSignet({
    settings: {
      SIGNET_CONFIG: 'config/conformance/signet.toml',
      SIGNET_ISSUER: issuer,
      SIGNET_LISTEN: `127.0.0.1:${port}`,
      SIGNET_MTLS__LISTEN: `127.0.0.1:${own}`,
      SIGNET_MTLS__URL: aliases,
    },
  });
  for (const name of ['people', 'fapi2']) await signet.apply(new URL(`resources/${name}.toml`, files).pathname);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await signet?.stop();
});

/** Goes through the pages as the suite's person and returns the address that the app was called back at. */
async function signIn(url) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  let back;
  await page.route('https://suite.test:8443/**', (route) => {
    back ??= route.request().url();
    return route.fulfill({ body: 'back at the app' });
  });
  await page.goto(url.href);
  await page.fill('form#sign-in [name=identifier]', 'buffy@example.com');
  await page.fill('form#sign-in [name=password]', 'wooden stake at midnight');
  await page.click('#sign-in-submit');
  await Promise.race([page.waitForSelector('#consent-allow'), page.waitForSelector('text=back at the app')]);
  if (!back) await page.click('#consent-allow');
  await page.waitForSelector('text=back at the app');
  await context.close();
  return new URL(back);
}

test('a client signs in by its certificate, and its tokens are good with no other one', async () => {
  const config = await discover('fapi2-mtls-mtls-1', 'mtls-1');
  const metadata = config.serverMetadata();
  assert.ok(metadata.mtls_endpoint_aliases.token_endpoint.startsWith(aliases));
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const url = await client.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: redirectUri,
    scope: 'openid email',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  });
  const back = await signIn(url);
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
  const tokens = await client.authorizationCodeGrant(config, back, checks);
  assert.equal(tokens.token_type, 'bearer');
  const { sub } = tokens.claims();
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, sub);
  assert.equal(userinfo.email, 'buffy@example.com');
  const known = await client.tokenIntrospection(config, tokens.access_token);
  assert.equal(known.active, true);
  assert.ok(known.cnf['x5t#S256']);
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
  await client.fetchUserInfo(config, renewed.access_token, sub);

  for (const certificate of ['mtls-2', undefined]) {
    const thief = await discover('fapi2-mtls-mtls-1', certificate);
    await assert.rejects(client.fetchUserInfo(thief, renewed.access_token, sub));
    await assert.rejects(client.refreshTokenGrant(thief, renewed.refresh_token ?? tokens.refresh_token));
  }
});
