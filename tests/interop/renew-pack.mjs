// A browser that kept the pack of two hours ago renews it by difference, in headless Chromium.
//   echo '{"base":"http://localhost:7480/","before":"BASE64","later":1770007200}' | node renew-pack.mjs
// {"kept":"…截至…","renewed":"…","asked":["/pack/1/delta"],"judged":"…","problems":[]}
import { chromium } from 'playwright-core';

const chunks = [];
for await (const chunk of process.stdin) {
  chunks.push(chunk);
}

const what = JSON.parse(Buffer.concat(chunks).toString('utf8'));
const seen = { asked: [], problems: [] };
const browser = await chromium.launch({
  executablePath: process.env.EID_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
});
try {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, isMobile: true, locale: 'zh-CN', serviceWorkers: 'block' });
  const saysWhen = (page) => page.waitForFunction(() => /20\d\d/.test(document.querySelector('#pack').textContent) && document.querySelector('#pack').textContent, undefined, { timeout: 20000 }).then((text) => text.jsonValue());

  // 1. The first visit, when the older one was the newest.
  const first = await context.newPage();
  await first.route('**/pack/latest', (route) => route.fulfill({ body: Buffer.from(what.before, 'base64') }));
  await first.goto(what.base + 'scan?lang=zh');
  seen.kept = await saysWhen(first);
  await first.close();

  // 2. Two hours later.
  const later = await context.newPage();
  later.on('pageerror', (error) => seen.problems.push(String(error)));
  later.on('request', (request) => request.url().includes('/pack/') && seen.asked.push(new URL(request.url()).pathname));
  await later.clock.setFixedTime(what.later * 1000);
  await later.goto(what.base + 'scan?lang=zh');
  seen.renewed = await saysWhen(later);

  // 3. What it keeps now, it judges by.
  await context.setOffline(true);
  await later.setInputFiles('#picture', what.picture);
  await later.waitForSelector('h1#verdict', { timeout: 15000 });
  seen.judged = await later.evaluate(() => document.querySelector('#answer').innerText);
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
