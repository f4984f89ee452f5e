// The first administrator signs in with the printed one-time password and manages people, apps and keys.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { DESKTOP, PHONE, check, launch, press, visit } from './support/browser.mjs';
import { startSignet } from './support/processes.mjs';

let signet;
let browser;
const password = 'the administrator has a long phrase';

before(async () => {
  signet = await startSignet();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await signet?.stop();
});

async function signIn(page, identifier, secret) {
  await page.goto(`${signet.issuer}/console`);
  await page.waitForSelector('form#sign-in');
  await page.fill('form#sign-in [name=identifier]', identifier);
  await page.fill('form#sign-in [name=password]', secret);
  await page.click('#sign-in-submit');
}

test('the printed password works once and must be replaced', async () => {
  const administrator = await signet.administrator();
  const context = await browser.newContext({ viewport: DESKTOP });
  const page = await context.newPage();
  await signIn(page, administrator.name, administrator.password);
  await page.waitForSelector('form#new-password');
  await check(page, 'new password');
  await page.fill('form#new-password [name=password]', password);
  await page.click('#new-password-submit');
  await page.waitForURL(/\/console/);
  await context.close();

  const again = await browser.newContext();
  const second = await again.newPage();
  await signIn(second, administrator.name, administrator.password);
  await second.waitForSelector('form#sign-in');
  await again.close();
});

for (const way of [
  { name: 'desktop, light', viewport: DESKTOP, colorScheme: 'light' },
  { name: 'phone, dark', viewport: PHONE, colorScheme: 'dark' },
  { name: 'desktop, dark, scripts off', viewport: DESKTOP, colorScheme: 'dark', javaScriptEnabled: false },
]) {
  const { name } = way;

  test(`people, apps, keys and the trail: ${name}`, async () => {
    const { name: administrator } = await signet.administrator();
    const { page, look, send, end } = await visit(browser, way);
    await signIn(page, administrator, password);
    await page.waitForURL(/\/console/);
    for (const path of ['', '/users', '/users/new', '/apps', '/apps/new', '/apps/demo-web', '/apis', '/apis/new', '/keys', '/audit']) {
      const answer = await page.goto(`${signet.issuer}/console${path}`);
      assert.equal(answer.status(), 200, path);
      await look(`console${path}`);
    }

    await page.goto(`${signet.issuer}/console/users?q=alice`);
    await page.click('main a[href*="/console/users/"]:has-text("alice"), main a[href*="/console/users/"]:has-text("Alice")');
    await page.waitForSelector('form [name=given_name]');
    await look('a person');
    await send('user', { nickname: `Al ${name}` });
    assert.equal(await page.inputValue('form [name=nickname]'), `Al ${name}`);
    assert.equal((await page.textContent('main > .notice[role=status]')).trim(), 'Saved.');
    await look('a person, saved');
    await send('user', { phone_number: '12' }, 'a person, refused');

    await page.goto(`${signet.issuer}/console/users?q=nobody-of-that-name`);
    await look('no such person');
    await page.goto(`${signet.issuer}/console/users/new`);
    await send('user-new', { email: 'nowhere' }, 'a new person, refused');
    await send('user-new', { email: 'leaver@example.com', name: 'Lee Aver' }, 'a new person');
    await press(page, 'main .primary');
    await press(page, 'main a[href$="/delete"]');
    await look('a person, about to go');
    await press(page, '#user-delete-submit');
    await look('a person, gone');
    assert.equal(await page.$('main a:has-text("Lee Aver")'), null);

    await page.goto(`${signet.issuer}/console/apps/new`);
    await send('app-new', { client_name: `App ${name}`, redirect_uris: 'nowhere' }, 'a new app, refused');
    await send('app-new', { redirect_uris: 'http://localhost:5173/callback' });
    await page.waitForSelector('text=/client_id/');
    await look('a new app');
    await press(page, 'main .primary');
    await press(page, 'main a[href$="/delete"]');
    await look('an app, about to go');
    await press(page, '#app-delete-submit');
    await look('an app, gone');
    assert.equal(await page.$(`main a:has-text("App ${name}")`), null);
    await end();
  });
}

test('a picture that does not load gives way to a letter', async () => {
  const { name: administrator } = await signet.administrator();
  const context = await browser.newContext({ viewport: DESKTOP });
  const page = await context.newPage();
  await signIn(page, administrator, password);
  await page.waitForURL(/\/console/);
  await page.goto(`${signet.issuer}/console/apps/demo-web`);
  await page.fill('form#app [name=logo_uri]', 'https://127.0.0.1:1/nothing.png');
  await page.click('#app-submit');
  await page.waitForSelector('main > .notice[role=status]');
  await page.goto(`${signet.issuer}/console/apps`);
  const row = page.locator('tr', { hasText: 'demo-web' });
  await row.locator('.seal', { hasText: 'D' }).waitFor();
  assert.equal(await row.locator('.seal img').count(), 0);
  await context.close();
});

test('somebody without the role sees no console', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await signIn(page, 'bob', 'seven quiet harbour lanterns');
  await page.waitForURL(/\/console/);
  const answer = await page.goto(`${signet.issuer}/console/users`);
  assert.equal(answer.status(), 403);
  await context.close();
});
