// Drives the page of a device that shows live codes in headless Chromium, with a clock of its own, beside the phone of a stranger who scans:
//   echo '{"url":"http://localhost:7480/present#s=…","folder":"artifacts/pages","official":"HTTPS://…/"}' | node present-page.mjs
// Prints one line of JSON for each moment: what the device shows, and what the stranger's page says. Symbols are read from the screen by zbar.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const chunks = [];
for await (const chunk of process.stdin) {
  chunks.push(chunk);
}

const { url, folder, official, expired, others } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
const scratch = mkdtempSync(join(tmpdir(), 'eid-present-'));
const browser = await chromium.launch({
  executablePath: process.env.EID_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
});
const problems = [];
const open = async options => {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, locale: 'zh-CN', serviceWorkers: 'block', ...options });
  const page = await context.newPage();
  page.on('request', request => new URL(request.url()).host === new URL(url).host || problems.push(request.url()));
  page.on('console', message => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', error => problems.push(String(error)));
  return page;
};

const tell = async (moment, page) => {
  await page.screenshot({ path: join(folder, `present-${moment}.png`), fullPage: true });
  console.log(JSON.stringify({
    moment, problems,
    ...await page.evaluate(() => ({
      state: document.getElementById('card').dataset.state,
      says: document.getElementById('says').textContent,
      detail: document.getElementById('detail').textContent,
      company: document.getElementById('company').textContent,
      left: document.getElementById('left').textContent,
      symbol: document.getElementById('modules').getAttribute('d').length > 0,
      again: !document.getElementById('again').hidden,
      motion: getComputedStyle(document.getElementById('ring')).transitionDuration,
      address: location.href.includes('#'),
      tooWide: document.documentElement.scrollWidth > window.innerWidth,
    })),
  }));
};

const scan = async (page, name) => {
  const picture = join(scratch, `${name}.png`);
  await page.locator('.frame').screenshot({ path: picture });
  const read = execFileSync('zbarimg', ['--quiet', '--raw', picture], { stdio: ['ignore', 'pipe', 'ignore'] }).toString('utf8').trim();
  return read.replace(official, new URL(url).origin + '/');
};

const waiting = page => page.waitForSelector('[data-state=waiting]');
try {
  // 1. A code, its minute running down. Time stands still but for the steps taken here.
  const device = await open();
  await device.clock.install();
  await device.goto(url);
  await waiting(device);
  const first = await scan(device, 'first');
  await tell('waiting', device);
  await device.clock.runFor(51_000);
  await tell('soon', device);
  await device.clock.runFor(10_000);
  await tell('over', device);

  // 2. Another one, which a stranger scans: opening it uses nothing up, pressing the button does.
  await device.click('#again');
  await waiting(device);
  const second = await scan(device, 'second');
  const phone = await open();
  for (let i = 0; i < 2; i++) {
    await phone.goto(second);
  }

  await phone.screenshot({ path: join(folder, 'live-confirm.png'), fullPage: true });
  await phone.click('form[method=post] button');
  await phone.waitForSelector('.verdict.ok');
  await phone.screenshot({ path: join(folder, 'live-accepted.png'), fullPage: true });
  console.log(JSON.stringify({ moment: 'scanned', says: await phone.textContent('h1'), problems }));
  await device.clock.runFor(2_500);
  await device.waitForSelector('[data-state=presented]');
  await tell('presented', device);

  // 3. A screenshot of it, passed on.
  await phone.goto(second);
  await phone.click('form[method=post] button');
  await phone.waitForSelector('.verdict.no');
  await phone.screenshot({ path: join(folder, 'live-replayed.png'), fullPage: true });
  console.log(JSON.stringify({ moment: 'replayed', says: await phone.textContent('h1'), problems, differ: first !== second }));

  // A code whose minute is over, and one that is shown to somebody else.
  for (const [moment, code] of Object.entries({ expired, others })) {
    await phone.goto(code.replace(official, new URL(url).origin + '/'));
    await phone.click('form[method=post] button');
    await phone.waitForSelector('.verdict.no');
    await phone.screenshot({ path: join(folder, `live-${moment}.png`), fullPage: true });
    console.log(JSON.stringify({ moment, says: await phone.textContent('h1'), problems }));
  }

  // Asked to wait, and a register that is away for a moment, while it looks: the code stays. A session that is over takes it away.
  const held = await open();
  held.removeAllListeners('console'); // Chromium names answers of these kinds.
  await held.clock.install();
  await held.goto(url);
  await waiting(held);
  for (const [moment, status, reason] of [['paced', 429, 'RATE_LIMITED'], ['away', 503, 'STORE_UNAVAILABLE'], ['ended', 403, 'HOLDER_PROOF_REQUIRED']]) {
    await held.route('**/present/state', route => route.fulfill({ status, json: { reason, message: '样例：' + reason } }));
    const answered = held.waitForResponse('**/present/state');
    await held.clock.runFor(2_100);
    await (await answered).finished();
    await new Promise(done => setTimeout(done, 300));
    await tell(moment, held);
    await held.unroute('**/present/state');
  }

  // 4. The page again in the same tab, for who wants no motion; and without a session.
  const calm = await open({ reducedMotion: 'reduce', locale: 'en-GB' });
  await calm.goto(url);
  await waiting(calm);
  await tell('calm', calm);
  await calm.reload();
  await waiting(calm);
  await tell('reloaded', calm);
  const stranger = await open();
  await stranger.goto(url.split('#')[0]);
  await stranger.waitForSelector('[data-state=failed]');
  await tell('stranger', stranger);
} finally {
  await browser.close();
  rmSync(scratch, { recursive: true });
}
