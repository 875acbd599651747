// A code of a neighbouring registrar on our scan page, in headless Chromium: judged by our server at once, and left open without a network.
//   echo '{"base":"http://localhost:7480/","file":"theirs.png","pictures":"FOLDER"}' | node neighbour-pages.mjs
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const chunks = [];
for await (const chunk of process.stdin) {
  chunks.push(chunk);
}

const what = JSON.parse(Buffer.concat(chunks).toString('utf8'));
const origin = new URL(what.base).origin;
const seen = { foreign: [] };
const browser = await chromium.launch({
  executablePath: process.env.EID_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
});
try {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, locale: 'zh-CN' });
  context.on('request', (request) => request.url().startsWith(origin) || request.url().startsWith('blob:') || seen.foreign.push(request.url()));
  const page = await context.newPage();
  const scan = async (name) => {
    await page.goto(what.base + 'scan?lang=zh');
    await page.waitForSelector('main.scripted');
    await page.evaluate(() => navigator.serviceWorker.ready);
    seen.says = await page.textContent('.scan .small');
    await page.setInputFiles('#picture', what.file);
    await page.waitForSelector('h1#verdict', { timeout: 15000 });
    seen[name] = await page.evaluate(() => ({ path: location.pathname, title: document.querySelector('h1#verdict').textContent, look: document.querySelector('.verdict').className.replace('verdict ', ''), text: document.querySelector('main').innerText, checks: document.querySelector('main').hasAttribute('data-signature') }));
    await page.screenshot({ path: join(what.pictures, `neighbour-${name}.png`), fullPage: true });
  };
  await scan('online');
  await context.setOffline(true);
  const began = Date.now();
  await scan('offline');
  seen.offlineMilliseconds = Date.now() - began;
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
