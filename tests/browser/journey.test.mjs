// A person registers, verifies the address, signs in to the demo app, and out again.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { DESKTOP, PHONE, check, launch, visit } from './support/browser.mjs';
import { freePort, startApp, startSignet } from './support/processes.mjs';

let signet;
let app;
let browser;

before(async () => {
  const port = await freePort();
  signet = await startSignet({ appPort: port });
  app = await startApp(signet.issuer, port);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await app?.stop();
  await signet?.stop();
});

const ways = [
  { name: 'desktop, light, scripts on', viewport: DESKTOP, colorScheme: 'light', javaScriptEnabled: true },
  { name: 'desktop, dark, scripts on', viewport: DESKTOP, colorScheme: 'dark', javaScriptEnabled: true },
  { name: 'phone, light, scripts on', viewport: PHONE, colorScheme: 'light', javaScriptEnabled: true },
  { name: 'phone, dark, scripts off', viewport: PHONE, colorScheme: 'dark', javaScriptEnabled: false },
  { name: 'desktop, light, scripts off', viewport: DESKTOP, colorScheme: 'light', javaScriptEnabled: false },
  { name: 'desktop, light, scripts on, German', viewport: DESKTOP, colorScheme: 'light', javaScriptEnabled: true, locale: 'de-DE' },
];

for (const [number, way] of ways.entries()) {
  test(`register, verify, sign in and out: ${way.name}`, async () => {
    const { page, look, end } = await visit(browser, way);
    const email = `person${number}@example.com`;
    const password = `a long enough phrase ${number}`;

    await page.goto(app.url);
    await page.click('#sign-in');
    await page.waitForSelector('form#sign-in');
    assert.equal(await page.getAttribute('html', 'lang'), way.locale ? 'de' : 'en');
    await look('sign in');
    await page.click('a[href^="/register"]');
    await page.waitForSelector('form#register');
    await look('register');
    await page.fill('form#register [name=email]', email);
    await page.fill('form#register [name=password]', password);
    await page.click('#register-submit');
    await page.waitForSelector('form#verify');
    await look('verify');
    const mail = await signet.mail(email);
    const [code] = /\b\d{6}\b/.exec(mail.text);
    await page.fill('form#verify [name=code]', code);
    await page.click('#verify-submit');
    await page.waitForSelector('form#consent');
    await look('consent');
    assert.match(await page.textContent('form#consent, main'), new RegExp(email.replace('.', '\\.')));
    await page.click('#consent-allow');
    await page.waitForSelector('#who');
    const claims = JSON.parse(await page.textContent('#userinfo'));
    assert.equal(claims.email, email);
    assert.equal(claims.email_verified, true);
    assert.equal(JSON.parse(await page.textContent('#id-token')).iss, signet.issuer);

    await page.click('#refresh');
    await page.waitForSelector('text=refreshed 1 times');
    await page.click('#call-api');
    await page.waitForSelector('#note');
    assert.match(await page.textContent('#note'), /The API answered 200/);

    await page.click('#sign-out');
    await page.waitForSelector('#sign-in');

    // signed out at the provider too: it asks again, and what was allowed is remembered
    await page.click('#sign-in');
    await page.waitForSelector('form#sign-in');
    await page.fill('form#sign-in [name=identifier]', email);
    await page.fill('form#sign-in [name=password]', 'not the password at all');
    await page.click('#sign-in-submit');
    await page.waitForSelector('form#sign-in [aria-invalid=true], form#sign-in [role=alert], [role=alert]');
    await look('sign in, refused');
    await page.fill('form#sign-in [name=password]', password);
    await page.click('#sign-in-submit');
    await page.waitForSelector('#who');

    for (const path of ['/account', '/account/profile', '/account/email', '/account/password', '/logout', '/nowhere']) {
      await page.goto(`${signet.issuer}${path}`);
      await look(path);
    }
    await page.goto(`${signet.issuer}/authorize?client_id=nobody`);
    await look('an app that nobody knows');
    await end();
  });
}

test('a forgotten password is replaced through the mailed link', async () => {
  const context = await browser.newContext({ viewport: PHONE });
  const page = await context.newPage();
  await page.goto(app.url);
  await page.click('#sign-in');
  await page.click('a[href^="/recover"]');
  await page.waitForSelector('form#recover');
  await check(page, 'recover');
  await page.fill('form#recover [name=identifier]', 'alice@example.com');
  await page.click('#recover-submit');
  await page.waitForSelector('text=/mail/i');
  await check(page, 'recover, sent');
  const mail = await signet.mail('alice@example.com');
  const [link] = /https?:\/\/\S+/.exec(mail.text);
  await page.goto(link);
  await page.waitForSelector('form#reset');
  await check(page, 'reset');
  await page.fill('form#reset [name=password]', 'an entirely new phrase');
  await page.click('#reset-submit');
  await page.waitForLoadState();
  await page.goto(app.url);
  await page.click('#sign-in');
  if (await page.$('form#sign-in')) {
    await page.fill('form#sign-in [name=identifier]', 'alice');
    await page.fill('form#sign-in [name=password]', 'an entirely new phrase');
    await page.click('#sign-in-submit');
  }
  await page.waitForSelector('#who, form#consent');
  await page.goto(link);
  assert.equal(await page.$('form#reset'), null, 'the link is good once');
  await context.close();
});

test('a machine calls the API with a token of its own', async () => {
  const page = await browser.newPage();
  await page.goto(app.url);
  await page.click('#call-as-machine');
  assert.match(await page.textContent('#note'), /answered 200 OK: .*"for":"demo-machine"/);
  await page.close();
});

test('declining goes back to the app with access_denied', async () => {
  const context = await browser.newContext({ viewport: DESKTOP });
  const page = await context.newPage();
  await page.goto(app.url);
  await page.click('#sign-in');
  await page.click('[name=decision][value=cancel]');
  await page.waitForSelector('#note');
  assert.match(await page.textContent('#note'), /access_denied/);
  await context.close();
});
