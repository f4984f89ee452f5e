// Pages beside the straight way: choosing an account, mailed links, proofs, form_post, and every form refused.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { DESKTOP, WAYS, launch, press, visit } from './support/browser.mjs';
import { PASSWORD, applyWithPeople, username } from './support/people.mjs';
import { freePort, startSignet } from './support/processes.mjs';

let signet;
let browser;
let port;
let app;
let sent;

before(async () => {
  port = await freePort();
  signet = await startSignet();
  await applyWithPeople(
    signet,
    `
[[clients]]
client_id = "ledger"
client_secret = "a-secret-that-nobody-needs-in-this-test"
client_name = "Harbour Ledger"
client_uri = "https://ledger.example/"
policy_uri = "https://ledger.example/privacy"
tos_uri = "https://ledger.example/terms"
redirect_uris = ["http://localhost:${port}/callback"]
require_pkce = false
`,
  );
  // the app: it keeps what it was sent
  app = createServer(async (request, response) => {
    if (request.url === '/favicon.ico') return response.writeHead(404).end();
    let body = '';
    for await (const part of request) body += part;
    sent = { method: request.method, url: request.url, body: new URLSearchParams(body) };
    response.setHeader('content-type', 'text/html').end('<!doctype html><p id="app">back at the app</p>');
  });
  await new Promise((done) => app.listen(port, '127.0.0.1', done));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  app?.close();
  await signet?.stop();
});

/** The address of an authorization request. */
function authorize(changes = {}) {
  const parameters = {
    response_type: 'code',
    client_id: 'ledger',
    redirect_uri: `http://localhost:${port}/callback`,
    scope: 'openid email profile',
    state: 'xyz',
    ...changes,
  };
  return `${signet.issuer}/authorize?${new URLSearchParams(parameters)}`;
}

/** The link in the newest mail to an address. */
async function link(to, subject) {
  const mail = await signet.mail(to, subject);
  return /https?:\/\/\S+/.exec(mail.text)[0];
}

for (const [number, way] of WAYS.entries()) {
  const name = username(number);

  test(`signing in, registering and consenting refused, then an account chosen: ${way.name}`, async () => {
    const { page, look, send, end, context } = await visit(browser, way);
    await page.goto(authorize());
    assert.deepEqual(
      await page.$$eval('.footnotes a', (links) => links.map((one) => one.href)),
      ['https://ledger.example/', 'https://ledger.example/privacy', 'https://ledger.example/terms'],
    );
    await send('sign-in', {}, 'sign in, empty');
    await send('sign-in', { identifier: name, password: 'not this one' }, 'sign in, refused');
    await press(page, 'a[href^="/register"]');
    await send('register', { email: 'nowhere', password: 'short' }, 'register, refused');
    await send('register', { email: `new${number}@example.com`, password: 'four words of mine' });
    await send('verify', { code: '000000' }, 'verify, wrong code');
    await press(page, '#resend-submit');
    await look('verify, sent again');

    await page.goto(authorize());
    await send('sign-in', { identifier: name, password: PASSWORD });
    await page.waitForSelector('form#consent');
    const cookies = await context.cookies();
    await context.clearCookies();
    await press(page, '#consent-allow');
    await look('consent, too late');
    await context.addCookies(cookies);

    await page.goto(authorize({ prompt: 'select_account' }));
    await page.waitForSelector('form#select-account');
    await look('select account');
    await press(page, '#select-account-submit');
    await page.waitForSelector('form#consent');
    await press(page, '#consent-allow');
    await page.waitForSelector('#app');

    await page.goto(authorize({ prompt: 'select_account' }));
    await press(page, '#select-account-other');
    await page.waitForSelector('form#sign-in');
    await look('sign in, another account');
    await end();
  });

  test(`links of mails: ${way.name}`, async () => {
    const { page, look, send, end } = await visit(browser, way);
    const email = `linked${number}@example.com`;
    await page.goto(`${signet.issuer}/register`);
    await send('register', { email, password: 'four words of mine' });
    const confirm = await link(email);
    await page.goto(confirm);
    await page.waitForSelector('form#verify-link');
    await look('verify by link');
    await press(page, '#verify-link-submit');
    await page.goto(confirm);
    assert.equal(await page.$('form#verify-link'), null, 'the link is good once');
    await look('a link that was used');

    await page.goto(`${signet.issuer}/recover`);
    await send('recover', {}, 'recover, empty');
    await send('recover', { identifier: email }, 'recover, sent');
    await page.goto(await link(email, /password|Passwort|Kennwort/i));
    await page.waitForSelector('form#reset');
    await look('reset');
    await send('reset', { password: 'short' }, 'reset, refused');
    await send('reset', { password: 'five other words of mine' });
    await look('reset, done');
    await end();
  });

  test(`proofs and changes of the account: ${way.name}`, async () => {
    const { page, look, send, end } = await visit(browser, way);
    const another = `another${number}@example.com`;
    await page.goto(`${signet.issuer}/account`);
    await send('sign-in', { identifier: name, password: PASSWORD });
    await page.goto(`${signet.issuer}/account/confirm?next=/account/email`);
    await look('confirm');
    await send('confirm', { password: 'not this one' }, 'confirm, refused');
    await send('confirm', { password: PASSWORD });
    await page.waitForSelector('form#email');
    await send('email', { email: 'nowhere' }, 'change of address, refused');
    await send('email', { email: another }, 'change of address, sent');
    await page.goto(await link(another));
    await page.waitForSelector('form#verify-email');
    await look('change of address, by link');
    await press(page, '#verify-email-submit');
    assert.match(await page.textContent('main'), new RegExp(another));
    await look('change of address, done');
    await page.goto(`${signet.issuer}/account/profile`);
    await send('profile', { phone_number: '12', birthdate: 'yesterday', website: 'nowhere' }, 'profile, refused');
    await page.goto(`${signet.issuer}/account/password`);
    await send('password', { current_password: 'not this one', password: 'short' }, 'password, refused');
    await end();
  });

  test(`the answer to the app as a form: ${way.name}`, async () => {
    const { page, look, end } = await visit(browser, way);
    // held back, so that the page can be looked at where scripts run
    await page.route('**/form_post*.js', (route) => route.fulfill({ contentType: 'text/javascript', body: '' }));
    await page.goto(authorize({ response_mode: 'form_post', prompt: 'none', state: way.name }));
    await page.waitForSelector('form#form-post');
    await look('form_post');
    sent = undefined;
    await press(page, '#form-post-submit');
    await page.waitForSelector('#app');
    assert.deepEqual([sent.method, sent.url], ['POST', '/callback']);
    assert.equal(sent.body.get('state'), way.name);
    assert.equal(sent.body.get('iss'), signet.issuer);
    assert.equal(sent.body.get('error'), 'login_required');
    await end();
  });
}

test('the answer as a form sends itself where scripts run', async () => {
  const { page, end } = await visit(browser, { name: 'scripts on', viewport: DESKTOP });
  sent = undefined;
  await page.goto(authorize({ response_mode: 'form_post', prompt: 'none' }));
  await page.waitForSelector('#app');
  assert.equal(sent.method, 'POST');
  await end();
});
