// Chromium, driven by playwright-core, and the checks that every page must pass.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
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
  assert.deepEqual(await violations(page), [], `axe-core on ${name}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${name} scrolls sideways by ${wide} px`);
}

/** Collects what a page complains about: console errors, broken requests, policy violations. */
export function listen(page) {
  const complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of (4|5)\d\d/.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return complaints;
}
