// Signing out in a real browser: the OP iframe of session management with its own script, and the page of frames.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { launch, visit } from './support/browser.mjs';
import { freePort, startSignet } from './support/processes.mjs';

let signet;
let browser;
let port;
let listener;
let origin;
const received = [];

/** An app's page that asks the OP iframe what it is told to ask, and keeps what it hears. */
const watcher = () => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>watcher</title></head><body>
<iframe id="op" src="${signet.issuer}/check_session"></iframe>
<script>
  window.heard = [];
  window.addEventListener('message', (event) => { if (event.origin === '${signet.issuer}') window.heard.push(event.data); });
  window.ask = (text) => document.getElementById('op').contentWindow.postMessage(text, '${signet.issuer}');
</script></body></html>`;

before(async () => {
  port = await freePort();
  origin = `http://localhost:${port}`;
  signet = await startSignet();
  const file = join(signet.folder, 'apps.toml');
  await writeFile(
    file,
    `
[[users]]
username = "carol"
password = "correct horse battery staple"

[[clients]]
client_id = "app"
client_secret = "a-secret-that-is-long-enough-for-hs256-too"
redirect_uris = ["${origin}/callback"]
post_logout_redirect_uris = ["${origin}/bye"]
frontchannel_logout_uri = "${origin}/frame"
frontchannel_logout_session_required = true
require_consent = false
`,
  );
  await signet.apply(file);
  listener = createServer((request, response) => {
    received.push(request.url);
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(request.url === '/watcher' ? watcher() : '<!doctype html><title>app</title><p>back at the app</p>');
  });
  await new Promise((done) => listener.listen(port, '127.0.0.1', done));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  listener?.close();
  await signet?.stop();
});

/** Signs carol in for the app, and returns the authorization response. */
async function signIn(page) {
  const url = new URL(`${signet.issuer}/authorize`);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: 'app',
    redirect_uri: `${origin}/callback`,
    scope: 'openid',
    state: 's',
  });
  await page.goto(url.href);
  if (await page.$('form#sign-in')) {
    await page.fill('form#sign-in [name=identifier]', 'carol');
    await page.fill('form#sign-in [name=password]', 'correct horse battery staple');
    await page.click('#sign-in-submit');
  }
  await page.waitForSelector('text=back at the app');
  return new URL(page.url()).searchParams;
}

/** What the iframe answers. */
async function hear(page, text) {
  const before = await page.evaluate(() => window.heard.length);
  await page.evaluate((sent) => window.ask(sent), text);
  await page.waitForFunction((count) => window.heard.length > count, before);
  return page.evaluate(() => window.heard.at(-1));
}

test('the iframe tells an app whether its person is still signed in', async () => {
  const { context, page, end } = await visit(browser, { name: 'session' });
  const state = (await signIn(page)).get('session_state');
  const watching = await context.newPage();
  await watching.goto(`${origin}/watcher`);
  assert.equal(await hear(watching, `app ${state}`), 'unchanged');
  assert.equal(await hear(watching, `other ${state}`), 'changed');
  for (const nonsense of ['', 'app', `app ${state} more`, 'app x', ' ']) {
    assert.equal(await hear(watching, nonsense), 'error', nonsense);
  }
  // the very same page at another origin is another app
  await watching.goto(`http://127.0.0.1:${port}/watcher`);
  assert.equal(await hear(watching, `app ${state}`), 'changed');
  await watching.goto(`${origin}/watcher`);
  assert.equal(await hear(watching, `app ${state}`), 'unchanged');

  await page.goto(`${signet.issuer}/logout`);
  await page.click('#sign-out-confirm');
  await page.waitForURL(`${signet.issuer}/logout/done**`);
  assert.equal(await hear(watching, `app ${state}`), 'changed');
  await watching.close();
  await end();
});

for (const [how, options] of [
  ['by script', { name: 'scripts on' }],
  ['without script', { name: 'scripts off', javaScriptEnabled: false }],
]) {
  test(`signing out loads the app's frame and then moves on by itself, ${how}`, async () => {
    const { page, end } = await visit(browser, options);
    await signIn(page);
    received.length = 0;
    await page.goto(`${signet.issuer}/logout`);
    await page.click('#sign-out-confirm');
    await page.waitForURL(`${signet.issuer}/logout/done**`, { timeout: 15_000 });
    const frame = new URL(received.find((url) => url.startsWith('/frame')), origin);
    assert.equal(frame.searchParams.get('iss'), signet.issuer);
    assert.match(frame.searchParams.get('sid'), /^[0-9a-f-]{36}$/);
    await end();
  });
}
