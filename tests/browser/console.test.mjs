// The first administrator signs in with the printed one-time password and manages people, apps and keys.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { DESKTOP, PHONE, check, launch, listen } from './support/browser.mjs';
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

for (const { name, ...options } of [
  { name: 'desktop, light', viewport: DESKTOP, colorScheme: 'light' },
  { name: 'phone, dark', viewport: PHONE, colorScheme: 'dark' },
]) {
  test(`people, apps, keys and the trail: ${name}`, async () => {
    const { name: administrator } = await signet.administrator();
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const complaints = listen(page);
    await signIn(page, administrator, password);
    await page.waitForURL(/\/console/);
    for (const path of ['', '/users', '/users/new', '/apps', '/apps/new', '/apps/demo-web', '/apis', '/keys', '/audit']) {
      const answer = await page.goto(`${signet.issuer}/console${path}`);
      assert.equal(answer.status(), 200, path);
      await check(page, `console${path} (${name})`);
    }

    await page.goto(`${signet.issuer}/console/users?q=alice`);
    await page.click('main a[href*="/console/users/"]:has-text("alice"), main a[href*="/console/users/"]:has-text("Alice")');
    await page.waitForSelector('form [name=given_name]');
    await check(page, `a person (${name})`);
    await page.fill('form [name=nickname]', `Al ${name}`);
    await page.click('button:has-text("Save")');
    await page.waitForLoadState();
    assert.equal(await page.inputValue('form [name=nickname]'), `Al ${name}`);

    await page.goto(`${signet.issuer}/console/apps/new`);
    await page.fill('form [name=client_name]', `App ${name}`);
    await page.fill('form [name=redirect_uris]', 'http://localhost:5173/callback');
    await page.click('main form button[type=submit]:not([name=decision])');
    await page.waitForSelector('text=/client_id/');
    await check(page, `a new app (${name})`);
    assert.deepEqual(complaints, []);
    await context.close();
  });
}

test('somebody without the role sees no console', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await signIn(page, 'bob', 'seven quiet harbour lanterns');
  await page.waitForURL(/\/console/);
  const answer = await page.goto(`${signet.issuer}/console/users`);
  assert.equal(answer.status(), 403);
  await context.close();
});
