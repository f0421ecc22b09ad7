// Serves the built page on this machine, with the headers of public/_headers. `npm run demo` builds it first.
//
//   node apps/web-demo/tools/serve.mjs [--port 8080] [--prefix /some/path/] [--bare] [--no-build]
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { buildIfNeeded, dist } from './build.mjs';
import { headersFor, headersOf } from './headers.mjs';

const types = /** @type {Record<string, string>} */ ({
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.md': 'text/markdown; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
});

const { values } = (() => {
  try {
    return parseArgs({
      options: {
        port: { type: 'string', default: '8080' },
        prefix: { type: 'string', default: '/' },
        bare: { type: 'boolean', default: false },
        'no-build': { type: 'boolean', default: false },
        folder: { type: 'string', default: dist },
      },
    });
  } catch (error) {
    console.error(`serve: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(2);
  }
})();
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error(`serve: --port must be a whole number up to 65535, got ${values.port}.`);
  process.exit(2);
}
const prefix = `/${values.prefix}/`.replaceAll(/\/+/g, '/');
const { folder } = values;
if (!values['no-build']) buildIfNeeded();
const rules = values.bare ? [] : headersOf(folder);

/**
 * The file at a path of the address; null if there is none.
 *
 * @param {string} path
 */
function fileAt(path) {
  const file = normalize(join(folder, path.endsWith('/') ? `${path}index.html` : path));
  if (!file.startsWith(folder + sep)) return null;
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true ? file : null;
}

const server = createServer(({ url = '/', method }, response) => {
  let path;
  try {
    path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
  } catch {
    path = '';
  }
  if (`${path}/` === prefix) {
    response.writeHead(301, { location: prefix }).end();
    return;
  }
  const inside = path.startsWith(prefix) ? `/${path.slice(prefix.length)}` : null;
  const file = inside === null ? null : fileAt(inside);
  if (inside === null || file === null || (method !== 'GET' && method !== 'HEAD')) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('not found');
    return;
  }
  const { size } = statSync(file);
  const type = types[extname(file)] ?? 'application/octet-stream';
  response.writeHead(200, {
    'content-type': type,
    'content-length': size,
    'cache-control': 'no-cache',
    ...headersFor(rules, inside),
  });
  if (method === 'HEAD') response.end();
  else createReadStream(file).pipe(response);
});
server.on('error', (error) => {
  const isTaken = 'code' in error && error.code === 'EADDRINUSE';
  console.error(`serve: ${isTaken ? `port ${port} is taken. Use --port.` : error.message}`);
  process.exit(1);
});
server.listen(port, 'localhost', () => {
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  console.log(`http://localhost:${address.port}${prefix}`);
});
