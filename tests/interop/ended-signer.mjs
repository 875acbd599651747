// A code whose signer's certificate is over, in headless Chromium: with a network, with a clock that is behind, without a network by the pack, and
// without a pack.
//   echo '{"base":"http://localhost:7480/","old":"1…","young":"1…","pictures":"FOLDER"}' | node ended-signer.mjs
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const chunks = [];
for await (const chunk of process.stdin) {
  chunks.push(chunk);
}

const what = JSON.parse(Buffer.concat(chunks).toString('utf8'));
const seen = {};
const browser = await chromium.launch({
  executablePath: process.env.EID_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
});
const phone = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, locale: 'zh-CN' };
const look = (page) => page.evaluate(() => ({
  title: document.querySelector('h1').textContent, look: document.querySelector('.verdict').className.replace('verdict ', ''), own: document.querySelector('#own')?.className ?? '', text: document.querySelector('main').innerText,
}));
const online = async (page, name, path) => {
  await page.goto(what.base + path);
  await page.waitForSelector('#own:not([hidden])', { timeout: 15000 });
  seen[name] = await look(page);
  await page.screenshot({ path: join(what.pictures, `ended-signer-${name}.png`), fullPage: true });
};
try {
  // 1. With a network.
  const context = await browser.newContext(phone);
  const page = await context.newPage();
  await page.goto(what.base + 'scan?lang=zh');
  await page.waitForFunction(() => /20\d\d/.test(document.querySelector('#pack').textContent), undefined, { timeout: 20000 });
  await page.evaluate(() => navigator.serviceWorker.ready);
  await online(page, 'old', what.old);
  await online(page, 'young', what.young);

  // 2. Without one: by the pack; then by the certificates alone.
  await context.setOffline(true);
  const offline = async (name) => {
    await page.goto(what.base + what.old);
    await page.waitForSelector('#answer h1', { timeout: 20000 });
    seen[name] = await look(page);
    await page.screenshot({ path: join(what.pictures, `ended-signer-${name}.png`), fullPage: true });
  };
  await offline('offline');
  await page.evaluate(() => caches.delete('eid-pack'));
  await offline('offlineWithoutPack');
  await context.close();

  // 3. A phone whose clock is two hours behind: no certificate has begun by it.
  const behind = await browser.newContext(phone);
  const slow = await behind.newPage();
  await slow.clock.setFixedTime(Date.now() - 2 * 3600_000);
  await online(slow, 'oldBehind', what.old);
  await online(slow, 'youngBehind', what.young);
  await behind.close();
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
