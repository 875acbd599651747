// Opens pages as a phone does, in headless Chromium with its processor slowed down four times, keeps a picture of each and prints what a
// person, or a screen reader, would find, one line of JSON for each:
//   echo '[{"url":"http://localhost:7480/…","picture":"valid.png","width":360,"language":"zh-CN"}]' | node open-pages.mjs
// {"title":"…","verdict":"有效","look":"ok","status":200,"milliseconds":120,"bytes":5400,"foreign":[],"tooWide":false,"order":["…"]}
import { chromium } from 'playwright-core';

const chunks = [];
for await (const chunk of process.stdin) {
  chunks.push(chunk);
}

const browser = await chromium.launch({
  executablePath: process.env.EID_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
});
try {
  for (const { url, picture, width, language } of JSON.parse(Buffer.concat(chunks).toString('utf8'))) {
    const context = await browser.newContext({ viewport: { width, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, locale: language, serviceWorkers: 'block' });
    // The browser tells when a heading was painted if it is asked to before.
    await context.addInitScript(() => new MutationObserver((_, observer) => {
      const heading = document.querySelector('h1');
      if (heading !== null) {
        heading.setAttribute('elementtiming', 'verdict');
        observer.disconnect();
      }
    }).observe(document, { childList: true, subtree: true }));
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: 4 });
    const foreign = [];
    const problems = [];
    let bytes = 0;
    page.on('request', request => new URL(request.url()).host === new URL(url).host || foreign.push(request.url()));
    page.on('console', message => message.type() === 'error' && message.location().url !== url && problems.push(message.text()));
    // As they came over the line, packed and with their headers.
    await devtools.send('Network.enable');
    devtools.on('Network.loadingFinished', ({ encodedDataLength }) => { bytes += encodedDataLength; });
    const status = (await page.goto(url, { waitUntil: 'load' }))?.status() ?? 0;
    await page.waitForSelector('h1', { state: 'visible' });
    // From the beginning of the navigation until the verdict's own words are on the screen, by the browser's own clock.
    const milliseconds = Math.round(await page.evaluate(() => new Promise(done => new PerformanceObserver(list => {
      const paint = list.getEntries().find(entry => entry.identifier === 'verdict' && entry.element === document.querySelector('h1'));
      paint && done(paint.renderTime);
    }).observe({ type: 'element', buffered: true }))));
    // What the browser finds by itself comes after the verdict.
    await page.waitForFunction(() => !document.querySelector('main[data-signature]') || !document.querySelector('#own').hidden, undefined, { timeout: 20000 });
    const found = await page.evaluate(() => ({
      title: document.title,
      language: document.documentElement.lang,
      own: document.querySelector('#own:not([hidden])')?.className ?? '',
      verdict: document.querySelector('h1').textContent,
      look: document.querySelector('.verdict')?.className.replace('verdict ', '') ?? '',
      tooWide: document.documentElement.scrollWidth > window.innerWidth,
      // What a screen reader reads, in its order.
      order: [...document.querySelectorAll('h1,h2,dt,dd,label,button')].map(element => element.textContent.trim()),
      smallest: Math.min(...[...document.querySelectorAll('body *')].filter(element => element.checkVisibility() && element.childNodes.length && element.textContent.trim()).map(element => parseFloat(getComputedStyle(element).fontSize))),
    }));
    if (picture) {
      await page.screenshot({ path: picture, fullPage: true });
    }

    console.log(JSON.stringify({ ...found, status, milliseconds, bytes, foreign, problems }));
    await context.close();
  }
} finally {
  await browser.close();
}
