// The demo as a person sees it, in headless Chromium: the proxy's page, the login with its consent page, the documentation
// page, a tool called from there. Ends with 0 when everything was as it must be; says what was not otherwise.
//
// node demo.mjs PAGE NODE_MODULES CHROMIUM SCREENSHOTS
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

const [page_url, node_modules, chromium_path, screenshots] = process.argv.slice(2);
const { chromium } = createRequire(path.join(node_modules, 'x.js'))('playwright-core');
mkdirSync(screenshots, { recursive: true });

// Without these Chromium talks to its maker's servers.
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
const profile = mkdtempSync(path.join(tmpdir(), 'mcpo-browser-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: chromium_path, headless: true, args: flags, viewport: { width: 1200, height: 900 },
});
context.setDefaultTimeout(20_000);

try {
  const page = await context.newPage();
  const elsewhere = [];
  const complaints = [];
  const is_local = (text) => {
    const url = new URL(text);
    return ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname) || ['data:', 'blob:'].includes(url.protocol);
  };
  page.on('requestfinished', (request) => { if (!is_local(request.url())) elsewhere.push(request.url()); });
  page.on('requestfailed', (request) => {
    if (!is_local(request.url()) && request.failure()?.errorText !== 'csp') elsewhere.push(`${request.url()} (${request.failure()?.errorText})`);
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  // Redoc's footer wants its maker's logo; that the page's policy stops it is what the browser then complains about.
  const logo = /cdn\.redoc\.ly.* violates the following Content Security Policy/;
  page.on('console', (message) => {
    if (message.type() === 'error' && !logo.test(message.text())) complaints.push(message.text());
  });
  const shot = (name) => page.screenshot({ path: path.join(screenshots, `${name}.png`) });

  // The page shows both servers: one serves, one waits for a login.
  await page.goto(page_url);
  await page.locator('section#text.ready').waitFor();
  const login = page.getByRole('link', { name: 'Log in to notes' });
  await login.waitFor();
  await shot('1-page');

  // The consent page says who asks for what.
  await login.click();
  const approve = page.getByRole('button', { name: /approve|allow/i });
  await approve.waitFor();
  const consent = await page.locator('body').innerText();
  assert.match(consent, /mcpo demo/, 'the consent page names the client');
  assert.match(consent, /notes:read/, 'the consent page names the scope');
  await shot('2-consent');

  // Approved: the login ends at a page that says so.
  await approve.click();
  await page.waitForURL((url) => !url.pathname.includes('authorize') && !url.pathname.includes('consent'));
  await page.waitForLoadState();
  await shot('3-landed');

  // The proxy's page knows.
  await page.goto(page_url);
  await page.locator('section#notes.ready').waitFor();
  assert.equal(await page.getByRole('link', { name: 'Log in to notes' }).count(), 0, 'no login is left to do');
  await shot('4-logged-in');

  // A tool of the protected server, called from its documentation.
  await page.goto(new URL('notes/docs', page_url).href);
  const operation = page.locator('.opblock', { has: page.locator('[data-path="/search_notes"]') });
  await operation.locator('.opblock-summary').click();
  await operation.getByRole('button', { name: 'Try it out' }).click();
  await operation.locator('textarea').fill('{"query": "walk"}');
  await operation.getByRole('button', { name: 'Execute' }).click();
  const answer = operation.locator('.live-responses-table .response');
  await answer.waitFor();
  assert.equal((await answer.locator('.response-col_status').innerText()).trim().split(/\s/)[0], '200');
  assert.match(await answer.innerText(), /walk/i, 'the answer holds what was looked for');
  await answer.scrollIntoViewIfNeeded();
  await shot('5-tool-called');

  // The reference page shows the same tool.
  await page.goto(new URL('notes/redoc', page_url).href);
  await page.getByText('Search Notes').first().waitFor();
  await shot('6-reference');

  assert.deepEqual(elsewhere, [], 'nothing is asked of any other host');
  assert.deepEqual(complaints, [], 'the browser has nothing to complain about');
} catch (error) {
  const pages = context.pages();
  const last = pages[pages.length - 1];
  if (last) {
    await last.screenshot({ path: path.join(screenshots, 'failed.png') }).catch(() => {});
    console.error(`at ${last.url()}\n${await last.locator('body').innerText().catch(() => '')}`);
  }
  console.error(error);
  process.exitCode = 1;
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
