// Chromium, driven by playwright-core, and the checks that every page must pass. With `SHOTS` naming a folder, every page
// that is checked is also kept there as a picture.

import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);
const axe = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8');

export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 900 };

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** Ways to look at a page, for tests that look at many: sizes, colours, languages, with scripts and without. */
export const WAYS = [
  { name: 'desktop, light, scripts on', viewport: DESKTOP, colorScheme: 'light' },
  { name: 'desktop, dark, scripts off', viewport: DESKTOP, colorScheme: 'dark', javaScriptEnabled: false },
  { name: 'phone, light, scripts off', viewport: PHONE, colorScheme: 'light', javaScriptEnabled: false },
  { name: 'phone, dark, scripts on, German', viewport: PHONE, colorScheme: 'dark', locale: 'de-DE' },
];

/** A browser of its own that looks in one way. `end` says whether any page complained. */
export async function visit(browser, { name, ...options }) {
  const context = await browser.newContext(options);
  // with scripts off, axe-core looks at the markup through a context of the same size and colours
  const lens =
    options.javaScriptEnabled === false
      ? await browser.newContext({ ...options, javaScriptEnabled: true, bypassCSP: true })
      : undefined;
  const page = await context.newPage();
  const complaints = listen(page);
  return {
    context,
    page,
    /** Checks the page that is open. */
    look: (what) => check(page, `${what} (${name})`, lens),
    /** Fills a form, presses its button and checks what comes. */
    async send(form, values, what) {
      await fill(page, form, values);
      if (what) await check(page, `${what} (${name})`, lens);
    },
    async end() {
      assert.deepEqual(complaints, []);
      await lens?.close();
      await context.close();
    },
  };
}

/** Fills a form and presses its button. */
export async function fill(page, form, values = {}) {
  for (const [field, value] of Object.entries(values)) await page.fill(`form#${form} [name=${field}]`, value);
  await press(page, `#${form}-submit`);
}

/** Presses a button and waits for the page that comes. */
export async function press(page, button) {
  await Promise.all([page.waitForEvent('load'), page.click(button)]);
}

/** What axe-core finds wrong with the page. */
async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() =>
    globalThis.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    }),
  );
  return found.violations.map(
    (one) => `${one.id}: ${one.help}\n  ${one.nodes.map((node) => `${node.target}: ${node.failureSummary}`).join('\n  ')}`,
  );
}

/**
 * A page's own promises: no sideways scrolling, and nothing wrong for axe-core. With scripts off nothing runs in the page
 * itself, so both look at the same markup in a page of `lens`: a context with scripts on and otherwise the same options.
 */
export async function check(page, name, lens) {
  if (!lens) {
    await look(page, name);
    return;
  }
  const glass = await lens.newPage();
  await glass.goto(new URL('/.well-known/openid-configuration', page.url()).href);
  const markup = (await page.content()).replace(/<script[^>]*><\/script>/g, '');
  await glass.setContent(markup.replace('<head>', `<head><base href="${page.url()}">`), { waitUntil: 'load' });
  await look(glass, name);
  await glass.close();
}

async function look(page, name) {
  if (process.env.SHOTS) {
    await mkdir(process.env.SHOTS, { recursive: true });
    const file = `${name.replace(/[^A-Za-z0-9]+/g, '-')}.png`;
    await page.screenshot({ path: join(process.env.SHOTS, file), fullPage: true });
  }
  assert.deepEqual(await violations(page), [], `axe-core on ${name}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${name} scrolls sideways by ${wide} px`);
}

/** Collects what a page complains about: console errors, broken requests, policy violations. */
function listen(page) {
  const complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of (4|5)\d\d/.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return complaints;
}
