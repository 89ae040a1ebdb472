// Keeps the page for times without a network: everything it needs, fetched once; the network first where there is one.

const CACHE = 'periphon-demo-1';
const FILES = ['./', 'main.js', 'plan.js', 'loops.js', 'style.css', 'icon.svg', 'manifest.webmanifest', '../periphon.wasm', '../js/index.js', '../js/core.js', '../js/spec.js', '../js/builder.js', '../js/worklet.js'];

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
