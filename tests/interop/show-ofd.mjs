// Shows OFD files with ofd.js in headless Chromium, keeps a picture of the pages of each (two dots to a CSS pixel), and prints what
// ofd.js found, one line of JSON for each; places are in dots of the picture:
//   node show-ofd.mjs FILE.ofd PICTURE.png [FILE.ofd PICTURE.png …]
// {"pages":1,"seals":[{"page":"1","id":"1","signature":true,"left":…}],"digests":true,"text":"…"}
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const pairs = process.argv.slice(2);
const density = 2;
const script = createRequire(import.meta.url).resolve('ofd.js/lib/ofd.umd.min.js');
const browser = await chromium.launch({
  executablePath: process.env.EID_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
});
try {
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const bytes = (await readFile(pairs[i])).toString('base64');
    const page = await browser.newPage({ viewport: { width: 1300, height: 900 }, deviceScaleFactor: density });
    // Nothing is fetched: the viewer and the file are handed over.
    await page.route('**/*', route => route.abort());
    await page.setContent('<body style="margin:0;background:#fff"><div id="pages" style="display:inline-block"></div></body>');
    await page.addScriptTag({ content: await readFile(script, 'utf8') });
    const found = await page.evaluate(async ([base64, density]) => {
      const buffer = Uint8Array.from(atob(base64), c => c.charCodeAt(0)).buffer;
      const [document_] = await new Promise((success, fail) => window.ofd.parseOfdDocument({ ofd: buffer, success, fail: error => fail(new Error(String(error?.message ?? error))) }));
      const holder = document.getElementById('pages');
      // 3.8 dots a millimetre: the one scale at which ofd.js draws pictures in their true size.
      const box = (document_.document['ofd:CommonData']['ofd:PageArea']['ofd:PhysicalBox']).split(' ').map(Number);
      for (const element of window.ofd.renderOfd(Math.round(box[2] * 3.8) + 10, document_)) {
        holder.appendChild(element);
      }

      await new Promise(done => setTimeout(done, 300));
      const seals = [...holder.querySelectorAll('[name=seal_img_div]')].map(element => {
        const info = JSON.parse(element.dataset.signedInfo);
        const place = element.getBoundingClientRect();
        return { page: element.closest('[id]').id, id: info.signatureID, signature: info.VerifyRet, left: place.left * density, top: place.top * density, width: place.width * density, height: place.height * density };
      });
      const checks = window.toBeChecked ? [...window.toBeChecked.values()] : [];
      return {
        pages: document_.pages.length, seals, references: checks.map(list => list.length), digests: checks.length > 0 && checks.every(list => window.ofd.digestCheck(list) === true),
        text: [...holder.querySelectorAll('text')].map(element => element.textContent).join(''),
      };
    }, [bytes, density]);
    await page.locator('#pages').screenshot({ path: pairs[i + 1] });
    console.log(JSON.stringify(found));
    await page.close();
  }
} finally {
  await browser.close();
}
