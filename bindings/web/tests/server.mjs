// A small web server for the tests, the figures and the demo: `node tests/server.mjs [PORT]` serves bindings/web.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm', '.json': 'application/json', '.webmanifest': 'application/manifest+json', '.svg': 'image/svg+xml', '.ogg': 'audio/ogg', '.sofa': 'application/octet-stream' };
const web = fileURLToPath(new URL('..', import.meta.url));

/** Serves this folder on loopback; `extra` maps further paths to files. Gives `{ url, close }`. */
export function serve(port = 0, extra = {}) {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://x').pathname);
    const file = extra[path] ?? join(web, normalize(path.endsWith('/') ? `${path}index.html` : path));
    try {
      const body = await readFile(file);
      response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'cache-control': 'no-cache' });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve({ url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() }));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const port = Number(process.argv[2] ?? 8000);
  try {
    const { url } = await serve(port);
    console.log(`${url}/demo/`);
  } catch (e) {
    console.error(`error: no page can be served at port ${port}: ${e.message}\nhint: give another port: node bindings/web/tests/server.mjs 8001`);
    process.exit(1);
  }
}
