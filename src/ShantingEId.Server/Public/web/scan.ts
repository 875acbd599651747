import type { OfflineAnswer } from 'shanting-eid-verifier';
import { codeOf, placeOf } from './address.js';
import { prepareDecoder, readFile, readPicture } from './decode.js';
import { resemblesOurs } from './lookalike.js';

/** A verdict in words (`words.zh.json`, `words.en.json`), by `VERDICT/REASON`. */
interface Words {
  readonly look: 'ok' | 'no' | 'wait' | 'unknown';
  readonly sign: string;
  readonly title: string;
  readonly explanation: string;
  readonly nextStep: string;
}

interface WordsFile {
  readonly verdicts: Record<string, Words>;
  readonly says: Record<
    'starting' | 'looking' | 'denied' | 'noCamera' | 'reading' | 'noDecoder' | 'checking' | 'asOf' | 'offline' | 'signed' | 'compare' | 'name' | 'holder' | 'successor' | 'version'
    | 'permits' | 'notAllPermits' | 'permitValid' | 'permitInvalid' | 'permitSuspended' | 'pack' | 'packEnded' | 'noPack', string>;
}

// In the order of the lists' two bits; a permit is never replaced by itself.
const permitStates = ['permitValid', 'permitInvalid', 'permitSuspended', 'permitInvalid'] as const;

const frameMs = 120;
const longestFrame = 960;

const page = document.querySelector<HTMLElement>('main[data-prefix]')!;
const [prefix, language] = [page.dataset['prefix']!, document.documentElement.lang];
const part = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const [video, status, start, stop, answerPlace] = [part<HTMLVideoElement>('camera'), part('status'), part<HTMLButtonElement>('start'), part<HTMLButtonElement>('stop'), part('answer')];

let words: WordsFile;
let stream: MediaStream | null = null;

void begin();

async function begin(): Promise<void> {
  words = (await (await fetch(page.dataset['words']!)).json()) as WordsFile;
  page.classList.add('scripted');

  // 1. Three ways to a code: camera, picture, keyboard; who lacks one has the others.
  if (typeof WebAssembly === 'object') {
    offerScanning();
  } else {
    part('picture').parentElement!.hidden = true;
    say(words.says.noDecoder);
  }

  // 2. This page stands in for that of a code when the server cannot be reached.
  const here = codeOf(location, prefix);
  if (here !== null) {
    await showOffline(here);
  }

  // 3. What it needs offline is fetched while there is a line.
  await showPack();
  if ('serviceWorker' in navigator) {
    await navigator.serviceWorker.register('/sw.js').catch(() => undefined);
  }
}

function offerScanning(): void {
  prepareDecoder(page.dataset['wasm']!);
  if (typeof navigator.mediaDevices?.getUserMedia === 'function') {
    start.hidden = false;
    start.addEventListener('click', () => void startCamera());
    stop.addEventListener('click', stopCamera);
    document.addEventListener('visibilitychange', () => document.hidden && stopCamera());
  } else {
    say(words.says.noCamera);
  }

  part<HTMLInputElement>('picture').addEventListener('change', (event) => void choosePicture(event.target as HTMLInputElement));
}

async function startCamera(): Promise<void> {
  clearAnswer();
  say(words.says.starting);
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: 'environment', width: { ideal: 1280 }, height: { ideal: 720 } } });
  } catch {
    say(words.says.denied);
    return;
  }

  video.srcObject = stream;
  part('view').hidden = false;
  [start.hidden, stop.hidden] = [true, false];
  try {
    await video.play();
  } catch {
    // Stopped before the first picture came; or this browser shows none.
    if (stream !== null) {
      stopCamera();
      say(words.says.denied);
    }

    return;
  }

  say(words.says.looking);
  while (stream !== null) {
    const began = performance.now();
    const text = video.videoWidth === 0 ? null : await tryRead(() => readPicture(video, video.videoWidth, video.videoHeight, longestFrame));
    if (text !== null && stream !== null) {
      stopCamera();
      await take(text);
      return;
    }

    await new Promise((done) => setTimeout(done, Math.max(20, frameMs - (performance.now() - began))));
  }
}

function stopCamera(): void {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  video.srcObject = null;
  part('view').hidden = true;
  [start.hidden, stop.hidden] = [false, true];
  say('');
}

async function choosePicture(input: HTMLInputElement): Promise<void> {
  const file = input.files?.[0];
  input.value = '';
  if (file === undefined) {
    return;
  }

  stopCamera();
  clearAnswer();
  say(words.says.reading);
  const text = await tryRead(() => readFile(file));
  if (text === null) {
    show('NO_CODE');
  } else {
    await take(text);
  }
}

async function tryRead(read: () => Promise<string | null>): Promise<string | null> {
  try {
    return await read();
  } catch {
    return null; // Not a picture.
  }
}

/** A code was read. Only ours opens anything, and that on this site alone; of all others not a word is shown or sent. */
async function take(text: string): Promise<void> {
  if (!text.startsWith(prefix)) {
    if (await isNeighbours(text)) {
      // Never at the address in the code: our server judges it by its own list of neighbours.
      await open(`/?code=${encodeURIComponent(text)}&`, text);
    } else {
      show(resemblesOurs(text, prefix) ? 'LOOK_ALIKE' : 'FOREIGN');
    }

    return;
  }

  const place = placeOf(text, prefix);
  if (place === null) {
    show('MALFORMED/QR_STRUCTURE');
  } else {
    await open(place + '?', text);
  }
}

async function open(place: string, text: string): Promise<void> {
  if (navigator.onLine) {
    say(words.says.checking);
    location.assign(`${place}lang=${language.slice(0, 2)}`);
  } else {
    await showOffline(text);
  }
}

// Where there are no neighbours, or no check, a foreign code is foreign at once.
async function isNeighbours(text: string): Promise<boolean> {
  return page.dataset['neighbours'] !== undefined && ((await window.eidCheck?.isNeighbours(text)) ?? false);
}

async function showOffline(text: string): Promise<void> {
  if (await isNeighbours(text)) {
    show('NEIGHBOUR');
    return;
  }

  const answer = (await window.eidCheck?.judge(text)) ?? null;
  if (answer === null) {
    show('UNKNOWN/REGISTER_NOT_ASKED');
  } else {
    show(`${answer.verdict}/${answer.reason}`, answer);
  }
}

// A browser too old for the check (`check.js` ran before this script, or never will) still scans.
async function showPack(): Promise<void> {
  if (window.eidCheck === undefined) {
    part('pack').parentElement!.hidden = true;
    return;
  }

  const pack = await window.eidCheck.renew();
  const text = pack == null ? words.says.noPack : Date.now() >= pack.expireTime * 1000 ? words.says.packEnded : words.says.pack;
  part('pack').textContent = pack == null ? text : text.replace('{from}', time(pack.producedAt)).replace('{to}', time(pack.expireTime));
}

function show(key: string, answer: OfflineAnswer | null = null): void {
  say('');
  // What this page has no words for is never said to be valid.
  const said = words.verdicts[key] ?? words.verdicts['UNKNOWN/REGISTER_NOT_ASKED']!;
  const { title, nextStep } = said;
  const permits = answer?.permits ?? [];
  const lacking = said.look === 'ok' && permits.some((permit) => permit.state !== permitStates.indexOf('permitValid'));
  const { look, sign, explanation } = lacking ? { look: 'wait', sign: '‖', explanation: words.says.notAllPermits } : said;
  const banner = element('section', `verdict ${look}`);
  banner.setAttribute('aria-labelledby', 'verdict');
  const mark = element('p', 'sign', sign);
  mark.setAttribute('aria-hidden', 'true');
  const heading = element('h1', '', title);
  [heading.id, heading.tabIndex] = ['verdict', -1];
  banner.append(mark, heading);
  if (answer !== null) {
    // Nobody may take the state of then for that of now.
    banner.append(element('p', 'as-of', answer.statusAsOf === null ? words.says.offline : words.says.asOf.replace('{from}', time(answer.statusAsOf))));
  }

  const signed = answer?.verdict === 'UNKNOWN' && answer.claims !== null && !explanation.startsWith(words.says.signed.slice(0, 4)) ? words.says.signed : '';
  banner.append(element('p', 'says', signed + explanation), element('p', '', nextStep));
  answerPlace.replaceChildren(banner);
  if (answer?.claims != null) {
    const list = element('dl', '');
    list.append(element('dt', '', words.says.name), element('dd', '', answer.claims.name), element('dt', '', words.says.holder), element('dd', 'code', answer.claims.holder));
    if (answer.successor !== null) {
      list.append(element('dt', '', words.says.successor), element('dd', '', `${answer.successor.name}${words.says.version.replace('{n}', String(answer.successor.version))}`));
    }

    const facts = element('section', '');
    facts.append(element('h2', '', words.says.compare), list);
    answerPlace.append(facts);
    if (permits.length > 0) {
      const held = element('ul', 'marked');
      held.append(...permits.map((permit) => element('li', '', `${permit.state === 0 ? '✔' : '✘'} ${permit.name}：${words.says[permitStates[permit.state] ?? 'permitInvalid']}`)));
      const part = element('section', '');
      part.append(element('h2', '', words.says.permits), held);
      answerPlace.append(part);
    }
  }

  document.title = title;
  heading.focus();
  scrollTo(0, 0);
}

function clearAnswer(): void {
  answerPlace.replaceChildren();
}

function say(text: string): void {
  status.textContent = text;
}

// Text, never markup.
function element(name: string, look: string, text = ''): HTMLElement {
  const made = document.createElement(name);
  [made.className, made.textContent] = [look, text];
  return made;
}

// In China's time, whatever the phone's, and as the server writes it.
function time(seconds: number): string {
  const then = new Date((seconds + 8 * 3600) * 1000);
  const [year, month, day, clock] = [then.getUTCFullYear(), then.getUTCMonth(), then.getUTCDate(), then.toISOString().slice(11, 16)];
  return language.startsWith('en') ? `${day}\u00a0${'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')[month]}\u00a0${year}, ${clock}` : `${year}年${month + 1}月${day}日\u00a0${clock}`;
}
