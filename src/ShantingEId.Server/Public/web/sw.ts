// Keeps the shell of the scan page: pages, scripts, decoder, words; never an answer. The server writes the list in front of this file
// (EID_SHELL), so a new version of any part is a new version of this worker.
declare const EID_SHELL: { readonly digest: string; readonly assets: readonly string[]; readonly pages: Readonly<Record<string, string>> };
declare const self: ServiceWorkerGlobalScope;

const name = 'eid-shell-' + EID_SHELL.digest;
const patienceMs = 8000;

self.addEventListener('install', (event) => {
  event.waitUntil(
    (async () => {
      await (await caches.open(name)).addAll([...EID_SHELL.assets, ...Object.values(EID_SHELL.pages)].map((path) => new Request(path, { cache: 'no-cache' })));
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      for (const old of await caches.keys()) {
        if (old.startsWith('eid-shell-') && old !== name) {
          await caches.delete(old);
        }
      }

      await self.clients.claim();
    })(),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) {
    return;
  }

  if (EID_SHELL.assets.includes(url.pathname)) {
    event.respondWith(kept(url.pathname).then((found) => found ?? fetch(request)));
  } else if (request.mode === 'navigate') {
    event.respondWith(url.pathname === '/scan' ? kept(pageFor(url)).then((found) => found ?? fetch(request)) : fetchOrShell(request, url));
  }
});

// The page of a code comes from the register or not at all; when there is no line, the shell judges by what it keeps and says so.
async function fetchOrShell(request: Request, url: URL): Promise<Response> {
  const late = new Promise<null>((done) => setTimeout(() => done(null), patienceMs));
  const answer = await Promise.race([fetch(request).catch(() => null), late]);
  return answer ?? (await kept(pageFor(url))) ?? Response.error();
}

async function kept(path: string): Promise<Response | undefined> {
  return (await caches.open(name)).match(path);
}

function pageFor(url: URL): string {
  const asked = url.searchParams.get('lang') ?? self.navigator.language;
  return EID_SHELL.pages[asked.startsWith('en') ? 'en' : 'zh']!;
}

export {};
