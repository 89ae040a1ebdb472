// Keeps the page demo/ for times without a network: everything it needs, fetched once; the network first where there is one. It lies here, and not
// beside the page, because a worker's script must lie below it.

const CACHE = 'periphon-demo-1';
const FILES = ['demo/', ...['main.js', 'plan.js', 'loops.js', 'style.css', 'icon.svg', 'manifest.webmanifest'].map((f) => `demo/${f}`), 'periphon.wasm', ...['index', 'core', 'spec', 'builder', 'worklet'].map((f) => `js/${f}.js`)];

addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)).then(() => skipWaiting()));
});

addEventListener('activate', (event) => {
  const old = (names) => Promise.all(names.filter((n) => n.startsWith('periphon-demo-') && n !== CACHE).map((n) => caches.delete(n)));
  event.waitUntil(caches.keys().then(old).then(() => clients.claim()));
});

addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || new URL(request.url).origin !== location.origin) return;
  event.respondWith(
    fetch(request).then(
      (response) => {
        if (response.ok) {
          const copy = response.clone();
          event.waitUntil(caches.open(CACHE).then((cache) => cache.match(request).then((known) => known && cache.put(request, copy))));
        }
        return response;
      },
      () => caches.match(request, { ignoreSearch: true }).then((known) => known ?? Response.error()),
    ),
  );
});
