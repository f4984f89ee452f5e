// What is asked for elsewhere and answered in the browser: devices, apps that ask behind the scenes, requests with details,
// and the secrets of an app.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { WAYS, launch, press, visit } from './support/browser.mjs';
import { PASSWORD, address, applyWithPeople, username } from './support/people.mjs';
import { startSignet } from './support/processes.mjs';

const SECRET = 'the secret of the apps that ask from elsewhere';
const CALLBACK = 'http://localhost:1/callback';

let signet;
let browser;
let endpoints;

before(async () => {
  signet = await startSignet();
  await applyWithPeople(
    signet,
    `
[[resources]]
identifier = "https://bank.example"
name = "Harbour Bank"
scopes = [{ name = "accounts:read", description = "See your accounts" }]
[[resources.authorization_details_types]]
type = "payment"
description = "Pay once"
schema = { type = "object", required = ["amount", "to"], additionalProperties = false, properties = { type = true, amount = { type = "string" }, to = { type = "string" }, for = { type = "array" } } }

[[clients]]
client_id = "television"
client_secret = "${SECRET}"
client_name = "Living-room Television"
grant_types = ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"]

[[clients]]
client_id = "till"
client_secret = "${SECRET}"
client_name = "Harbour Till"
grant_types = ["urn:openid:params:grant-type:ciba"]
backchannel_token_delivery_mode = "poll"

[[clients]]
client_id = "paying"
client_secret = "${SECRET}"
client_name = "Paying"
redirect_uris = ["${CALLBACK}"]
authorization_details_types = ["payment"]
require_pkce = false
`,
    ['admin'],
  );
  const answer = await fetch(`${signet.issuer}/.well-known/openid-configuration`);
  endpoints = await answer.json();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await signet?.stop();
});

/** An app asks behind the scenes. */
async function ask(endpoint, clientId, parameters) {
  const answer = await fetch(endpoints[endpoint], {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${clientId}:${encodeURIComponent(SECRET)}`)}` },
    body: new URLSearchParams(parameters),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

async function signIn(page, identifier) {
  await page.waitForSelector('form#sign-in');
  await page.fill('form#sign-in [name=identifier]', identifier);
  await page.fill('form#sign-in [name=password]', PASSWORD);
  await press(page, '#sign-in-submit');
}

/** What the page says, in one line. */
async function words(page) {
  return (await page.textContent('main')).replace(/\s+/g, ' ');
}

for (const [number, way] of WAYS.entries()) {
  const person = username(number);

  test(`a device is connected with its code: ${way.name}`, async () => {
    const { page, look, end } = await visit(browser, way);
    const asked = await ask('device_authorization_endpoint', 'television', { scope: 'openid profile email' });
    await page.goto(asked.verification_uri);
    await look('device code');
    await page.keyboard.type('BCDF-GHJK');
    await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
    if (await page.$('form#sign-in')) await signIn(page, person);
    await look('device code, wrong');
    assert.ok(await page.$('form#device [aria-invalid=true], form#device #problems'));
    await page.fill('form#device [name=user_code]', asked.user_code.toLowerCase());
    await press(page, '#device-submit');
    await page.waitForSelector('#decide-allow');
    assert.ok((await words(page)).includes(asked.user_code));
    await look('device, asked');
    // by keyboard alone: the choice is reached, and refusing comes first
    await page.focus('#decide-deny');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'decide-allow');
    await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
    await look('device, connected');
    const other = await ask('device_authorization_endpoint', 'television', { scope: 'openid' });
    await page.goto(other.verification_uri_complete);
    await page.waitForSelector('#decide-deny');
    await press(page, '#decide-deny');
    await look('device, refused');
    await end();
  });

  test(`an app that asks behind the scenes is answered: ${way.name}`, async () => {
    const { page, look, end } = await visit(browser, way);
    const hint = { scope: 'openid profile email', login_hint: address(number) };
    await ask('backchannel_authentication_endpoint', 'till', { ...hint, binding_message: 'W4SCT pay thirty euros to the bakery at the harbour' });
    await page.goto(`${signet.issuer}/account`);
    await signIn(page, person);
    await page.waitForSelector('#requests');
    await look('account, with a request');
    await Promise.all([page.waitForEvent('load'), page.click('#requests + ul a')]);
    await page.waitForSelector('#decide-allow');
    assert.ok((await words(page)).includes('W4SCT'));
    await look('request, asked');
    await press(page, '#decide-allow');
    await look('request, allowed');
    await page.goto(`${signet.issuer}/account`);
    assert.equal(await page.$('#requests'), null);
    const mail = await signet.mail(address(number), /confirmation|Bestätigung/);
    assert.match(mail.text, /Harbour Till[^]*https?:\/\//);
    if (process.env.SHOTS) console.log(mail.subject, '\n', mail.text);
    await end();
  });

  test(`details of a request are read before they are allowed: ${way.name}`, async () => {
    const { page, look, end } = await visit(browser, way);
    const details = [
      { type: 'payment', amount: '120.00 EUR', to: "Ada's Bakery", for: ['bread', { kind: 'cake', pieces: 2 }] },
    ];
    const request = new URLSearchParams({
      client_id: 'paying',
      redirect_uri: CALLBACK,
      response_type: 'code',
      scope: 'openid profile accounts:read',
      resource: 'https://bank.example',
      authorization_details: JSON.stringify(details),
    });
    await page.goto(`${endpoints.authorization_endpoint}?${request}`);
    await signIn(page, person);
    await page.waitForSelector('form#consent');
    assert.ok((await words(page)).includes("Ada's Bakery"));
    await look('consent, with details');
    await end();
  });

  test(`an app gets another secret: ${way.name}`, async () => {
    const { page, look, end } = await visit(browser, way);
    await page.goto(`${signet.issuer}/console/apps`);
    await signIn(page, person);
    await page.goto(`${signet.issuer}/console/apps`);
    await look('apps, with what may be registered');
    await page.goto(`${signet.issuer}/console/apps/paying`);
    await page.fill('form#app-secret [name=label]', `Spring ${number}`);
    await press(page, '#app-secret-submit');
    await look('an app, its secret');
    await page.goto(`${signet.issuer}/console/apps/paying`);
    assert.ok((await words(page)).includes(`Spring ${number}`));
    await look('an app, with secrets');
    await page.focus('form#secret-end-1 select');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'secret-end-1-submit');
    await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
    assert.equal(await page.getAttribute('main > .notice', 'class'), 'notice good');
    await look('an app, a secret ended');
    await end();
  });
}
