// Scans as people do, in headless Chromium with a video file as camera: the scan page online and offline, on old browsers, and the browser's own
// check of the signature against a server that lies. One JSON object on stdin says what there is, one comes out that says what was seen:
//   node scan-pages.mjs < what.json
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const chunks = [];
for await (const chunk of process.stdin) {
  chunks.push(chunk);
}

const what = JSON.parse(Buffer.concat(chunks).toString('utf8'));
const seen = { problems: [], foreign: [] };
const origin = new URL(what.base).origin;
let online = true;
const browser = await chromium.launch({
  executablePath: process.env.EID_CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run',
    '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${what.video}`,
  ],
});

// A phone of its own, which has visited nothing yet.
async function phone(language = 'zh-CN', more = {}) {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, locale: language, ...more });
  const page = await context.newPage();
  context.on('request', (request) => request.url().startsWith(origin) || request.url().startsWith('blob:') || seen.foreign.push(request.url()));
  page.on('console', (message) => message.type() === 'error' && (online || !/Failed to load resource/.test(message.text())) && seen.problems.push(`${new URL(message.location().url || page.url()).pathname.slice(0, 30)} ${message.text().replace('Failed to load resource: ', '')}`));
  page.on('pageerror', (error) => seen.problems.push(String(error)));
  return { context, page };
}

const picture = (page, name) => page.screenshot({ path: join(what.pictures, `${name}.png`), fullPage: true });

// What stands on the page, as a person finds it.
const look = (page) =>
  page.evaluate(() => ({
    path: location.pathname,
    title: document.querySelector('h1')?.textContent ?? '',
    look: document.querySelector('.verdict')?.className.replace('verdict ', '') ?? '',
    text: document.querySelector('#answer')?.innerText || document.querySelector('main').innerText,
    links: document.querySelectorAll('#answer a, .verdict a').length,
    tooWide: document.documentElement.scrollWidth > innerWidth,
    smallest: Math.min(...[...document.querySelectorAll('body *')].filter((element) => element.checkVisibility() && element.childNodes.length && element.innerText?.trim()).map((element) => parseFloat(getComputedStyle(element).fontSize))),
    order: [...document.querySelectorAll('h1,h2,dt,dd,label,button')].filter((element) => element.checkVisibility()).map((element) => element.textContent.trim()),
  }));

async function upload(page, file) {
  await page.evaluate(() => document.querySelector('#answer').replaceChildren());
  await page.setInputFiles('#picture', file);
  await page.waitForFunction(() => location.pathname !== '/scan' || document.querySelector('#answer h1'), undefined, { timeout: 15000 });
  await page.waitForSelector('h1');
  return look(page);
}

async function ownLine(page) {
  await page.waitForSelector('#own:not([hidden])', { timeout: 15000 });
  return page.evaluate(() => ({ look: document.querySelector('#own').className, text: document.querySelector('#own').textContent, first: document.querySelector('main').firstElementChild.id === 'own', crossed: getComputedStyle(document.querySelector('h1#verdict')).textDecorationLine === 'line-through' }));
}

try {
  // 1. First visit: the page, and that it makes itself ready for days without a network.
  const { context, page } = await phone('zh-CN', { permissions: ['camera'] });
  const sent = [];
  context.on('request', (request) => sent.push(decodeURIComponent(request.url())));
  await page.goto(what.base + 'scan');
  await page.waitForSelector('#start:not([hidden])');
  await page.waitForFunction(() => /20\d\d/.test(document.querySelector('#pack').textContent), undefined, { timeout: 20000 });
  await page.evaluate(() => navigator.serviceWorker.ready);
  seen.scan = { ...(await look(page)), pack: await page.textContent('#pack') };
  seen.manifest = await page.evaluate(async () => (await fetch(document.querySelector('link[rel=manifest]').href)).json());
  seen.installability = (await (await context.newCDPSession(page)).send('Page.getInstallabilityErrors')).installabilityErrors.map((error) => error.errorId);
  await picture(page, 'scan');

  // 2. The camera sees a code of ours, out of focus and aslant at first.
  const began = Date.now();
  await page.click('#start');
  await page.waitForFunction(() => location.pathname !== '/scan' || document.querySelector('#camera').videoWidth > 0);
  await picture(page, 'scan-camera');
  await page.waitForURL((url) => url.pathname.startsWith('/1'), { timeout: 20000 });
  seen.cameraMilliseconds = Date.now() - began;
  seen.camera = { ...(await look(page)), own: await ownLine(page) };
  await picture(page, 'scan-found');

  // 3. The keyboard, as a phone types it; and pictures.
  await page.goto(what.base + 'scan?lang=zh');
  await page.fill('#code', what.typed.toLowerCase());
  await page.click('form button');
  await page.waitForSelector('h1#verdict');
  seen.typed = await look(page);
  await page.waitForLoadState();
  seen.uploads = {};
  for (const [name, file] of Object.entries(what.uploads)) {
    await page.goto(what.base + 'scan?lang=zh');
    await page.waitForSelector('main.scripted');
    seen.uploads[name] = await upload(page, file);
    await picture(page, 'scan-' + name);
  }

  seen.sent = sent.filter((url) => what.secrets.some((secret) => url.toUpperCase().includes(secret.toUpperCase())));

  // Two hours later somebody hands out an older pack again, under a higher number; then a later one of another registrar under the same root.
  seen.otherPacks = [];
  for (const pack of [what.olderPack, what.othersPack]) {
    const later = await context.newPage();
    await later.clock.setFixedTime((what.packBegins + 7200) * 1000);
    await later.route('**/pack/**', (route) => (route.request().url().endsWith('/latest') ? route.fulfill({ body: Buffer.from(pack, 'base64') }) : route.fulfill({ body: 'no difference' })));
    const asked = later.waitForRequest('**/pack/latest');
    await later.goto(what.base + 'scan?lang=zh');
    await asked;
    await later.waitForFunction(() => /20\d\d/.test(document.querySelector('#pack').textContent));
    seen.otherPacks.push(await later.textContent('#pack'));
    await later.close();
  }

  // 4. No network: the page opens, judges by what it keeps, and so does the address of a code that the phone's own camera opened.
  online = false;
  await context.setOffline(true);
  seen.offline = {};
  await page.goto(what.base + 'scan?lang=zh');
  await page.waitForSelector('main.scripted');
  seen.offline.upload = await upload(page, what.uploads.ours);
  await picture(page, 'offline-valid');
  for (const [name, path] of Object.entries(what.offline)) {
    await page.goto(what.base + path);
    await page.waitForSelector('#answer h1', { timeout: 20000 });
    seen.offline[name] = await look(page);
    await picture(page, 'offline-' + name);
  }

  // The pack comes to its end; then the clock is put back to before it was made.
  for (const [name, seconds] of [['ended', what.packEnds], ['before', what.packBegins - 3600]]) {
    await page.clock.setFixedTime(seconds * 1000);
    await page.goto(what.base + what.offline.valid);
    await page.waitForSelector('#answer h1', { timeout: 20000 });
    seen.offline[name] = await look(page);
    await picture(page, 'offline-' + name);
  }

  await context.close();
  online = true;

  // 5. English; a browser without a camera; one without scripts; one that was here never before, without a network for its check.
  const english = await phone('en-GB');
  await english.page.addInitScript(() => Object.defineProperty(navigator, 'mediaDevices', { value: undefined }));
  await english.page.goto(what.base + 'scan');
  await english.page.waitForFunction(() => document.querySelector('#status').textContent !== '');
  seen.noCamera = { ...(await look(english.page)), status: await english.page.textContent('#status'), start: await english.page.isVisible('#start') };
  await picture(english.page, 'scan-en');
  seen.noCameraUpload = await upload(english.page, what.uploads.ours);
  await english.context.close();
  const plain = await phone('zh-CN', { javaScriptEnabled: false });
  await plain.page.goto(what.base + 'scan');
  seen.noScript = { start: await plain.page.isVisible('#start'), picture: await plain.page.isVisible('.picker'), says: await plain.page.textContent('noscript'), typed: await plain.page.isVisible('#code') };
  await picture(plain.page, 'scan-noscript');
  await plain.context.close();
  // Browsers too old for the check of signatures, and one that never got its program.
  seen.old = [];
  for (const age of [(old) => old.addInitScript(() => delete window.BigInt), (old) => old.route('**/check.js', (route) => route.abort())]) {
    online = false;
    const { context: past, page: old } = await phone('zh-CN', { serviceWorkers: 'block' });
    old.removeAllListeners('pageerror');
    await age(old);
    const one = {};
    for (const name of ['foreign', 'lookalike', 'ours']) {
      await old.goto(what.base + 'scan?lang=zh');
      await old.waitForSelector('main.scripted');
      one.promises = await old.isVisible('#pack');
      const asked = Date.now();
      one[name] = await upload(old, what.uploads[name]);
      one.milliseconds ??= Date.now() - asked;
      await picture(old, `old-${seen.old.length}-${name}`);
    }

    one.own = await old.locator('#own:not([hidden])').count();
    seen.old.push(one);
    await past.close();
    online = true;
  }


  // 6. The server, or what stands in front of it, lies. The service worker is left out so that answers can be altered on their way.
  const { context: judge, page: own } = await phone('zh-CN', { serviceWorkers: 'block' });
  seen.own = {};
  const see = async (name, path) => {
    await own.goto(what.base + path);
    seen.own[name] = await ownLine(own);
    await picture(own, 'own-' + name);
  };
  await see('first', what.codes.valid);
  await see('again', what.codes.valid);
  await see('altered', what.codes.altered);
  const valid = await (await judge.request.get(what.base + what.codes.valid)).text();
  const lie = async (path, html) => own.route((url) => url.pathname === '/' + path, (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body: html }));
  await lie(what.codes.altered, valid);
  await see('forgedAsValid', what.codes.altered);
  await lie(what.codes.revoked, valid);
  await see('anothersFacts', what.codes.revoked);
  // Another root beside ours: signatures agree, and yet somebody should ask.
  const trust = await (await judge.request.get(what.base + 'app/trust')).json();
  await own.route('**/app/trust', (route) => route.fulfill({ json: { ...trust, authority: trust.authority + what.otherRoot } }));
  await see('changed', what.codes.valid);
  await own.unroute('**/app/trust');
  // Others' certificates, and a code that they signed: the roots of the first visit do not lead there.
  await own.route('**/app/trust', (route) => route.fulfill({ json: what.otherTrust }));
  await lie(what.codes.others, valid);
  await see('othersRoots', what.codes.others);
  await judge.close();
  // Who was never here before has nothing to hold it against; that is the limit of it.
  const { context: fresh, page: newcomer } = await phone('zh-CN', { serviceWorkers: 'block' });
  await newcomer.route('**/app/trust', (route) => route.fulfill({ json: what.otherTrust }));
  await newcomer.route((url) => url.pathname === '/' + what.codes.others, (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body: valid }));
  await newcomer.goto(what.base + what.codes.others);
  seen.own.newcomer = await ownLine(newcomer);
  await fresh.close();
  // 7. A camera that is switched off again is off; and what the page has no words for is not said to be valid.
  const { context: odd, page: wordless } = await phone('zh-CN', { permissions: ['camera'], serviceWorkers: 'block' });
  await wordless.route('**/words.zh.json', async (route) => {
    const words = await (await route.fetch()).json();
    seen.wordTaken = delete words.verdicts['VALID/'];
    await route.fulfill({ json: words });
  });
  await wordless.goto(what.base + 'scan?lang=zh');
  await wordless.waitForFunction(() => /20\d\d/.test(document.querySelector('#pack').textContent), undefined, { timeout: 20000 });
  await wordless.click('#start');
  seen.stopped = await wordless.evaluate(async () => {
    const video = document.querySelector('#camera');
    while (video.srcObject === null) {
      await new Promise((done) => setTimeout(done, 5));
    }

    const [track] = video.srcObject.getTracks();
    const before = track.readyState;
    document.querySelector('#stop').click();
    return [before, track.readyState, String(video.srcObject), String(document.querySelector('#view').hidden)];
  });
  await wordless.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('not allowed', 'NotAllowedError'));
    document.querySelector('#start').click();
  });
  await wordless.waitForFunction(() => /允许/.test(document.querySelector('#status').textContent), undefined, { timeout: 5000 }).catch(() => undefined);
  seen.denied = [await wordless.textContent('#status'), String(await wordless.isVisible('#start')), String(await wordless.isVisible('#stop'))];
  online = false;
  await odd.setOffline(true);
  seen.wordless = await upload(wordless, what.uploads.ours);
  await odd.close();
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
