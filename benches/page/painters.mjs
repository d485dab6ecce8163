// MapLibre's feature-state, as the page paints, against deck.gl's H3 layer: all of 10,000, 50,000 and 100,000 cells get another value once a
// second, for ten seconds. deck.gl is fetched into a folder of its own: node benches/page/painters.mjs
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DECK = 'deck.gl@9';
const SIZES = (process.argv[2] ?? '10000,50000,100000').split(',').map(Number);
const SECONDS = 10;
const ui = fileURLToPath(new URL('../../web-map/ui/', import.meta.url));
const require = createRequire(join(ui, 'package.json'));
const { chromium } = require('playwright-core');
const h3 = require('h3-js');

const scratch = mkdtempSync(join(tmpdir(), 'painters-'));
execFileSync('npm', ['install', '--prefix', scratch, '--no-audit', '--no-fund', '--silent', DECK], { stdio: 'inherit' });
const TYPES = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css', '.html': 'text/html', '.json': 'application/json' };
let cells = [];
const page = script => `<!doctype html><style>html,body,#map{margin:0;width:100%;height:100%}</style><div id="map"></div>${script}`;
const PAGES = {
  '/maplibre': page(`<script type="module">
    import { Map, setWorkerUrl } from '/ui/maplibre-gl/dist/maplibre-gl.mjs';
    setWorkerUrl('/ui/maplibre-gl/dist/maplibre-gl-worker.mjs');
    const { features, cells } = await (await fetch('/cells')).json();
    const value = ['coalesce', ['feature-state', 'v'], 0];
    const map = new Map({ container: 'map', center: [116.4, 39.9], zoom: 9, fadeDuration: 0, style: { version: 8,
      sources: { c: { type: 'geojson', promoteId: 'cell', data: { type: 'FeatureCollection', features } } },
      layers: [{ id: 'c', type: 'fill', source: 'c', paint: { 'fill-antialias': false, 'fill-color':
        ['step', value, '#121922', 1, '#3b1c32', 10, '#8c2d19', 20, '#e8761f', 30, '#ffe08a'] } }] } });
    await map.once('idle');
    globalThis.paint = turn => cells.forEach((id, i) => map.setFeatureState({ source: 'c', id }, { v: (i + turn) % 40 }));
    globalThis.ready = true;
  </script>`),
  '/deck': page(`<script src="/deck/h3-js/dist/h3-js.umd.js"></script><script src="/deck/deck.gl/dist.min.js"></script><script type="module">
    const { cells } = await (await fetch('/cells')).json();
    const COLOURS = [[59, 28, 50], [140, 45, 25], [232, 118, 31], [255, 224, 138]];
    const layer = turn => new deck.H3HexagonLayer({ id: 'c', data: cells, getHexagon: cell => cell, extruded: false, highPrecision: 'auto',
      getFillColor: (_, { index }) => COLOURS[Math.floor(((index + turn) % 40) / 10)], updateTriggers: { getFillColor: turn },
      onError: error => { globalThis.trouble = String(error); } });
    const view = new deck.Deck({ parent: document.getElementById('map'), controller: true,
      initialViewState: { longitude: 116.4, latitude: 39.9, zoom: 8 }, layers: [layer(0)], onAfterRender: () => { globalThis.ready = true; } });
    globalThis.paint = turn => view.setProps({ layers: [layer(turn)] });
  </script>`),
};
const server = createServer((request, response) => {
  const path = new URL(request.url ?? '/', 'http://x').pathname;
  if (PAGES[path]) return response.setHeader('content-type', 'text/html').end(PAGES[path]);
  if (path === '/cells') {
    const features = cells.map(cell => ({ type: 'Feature', properties: { cell }, geometry: { type: 'Polygon', coordinates: [h3.cellToBoundary(cell, true)] } }));
    return response.setHeader('content-type', TYPES['.json']).end(JSON.stringify({ cells, features }));
  }
  const root = path.startsWith('/ui/') ? join(ui, 'node_modules') : join(scratch, 'node_modules');
  const file = join(root, path.replace(/^\/(ui|deck)\//, ''));
  if (!file.startsWith(root) || !existsSync(file)) return response.writeHead(404).end();
  response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream').end(readFileSync(file));
});
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? (process.env.PATH ?? '').split(delimiter).map(folder => join(folder, 'chromium')).find(existsSync),
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
});
try {
  console.log(`${await browser.version()}, ${DECK}, drawn by software; main-thread ms an update, frames a second while updated`);
  for (const size of SIZES) {
    const middle = h3.latLngToCell(39.9, 116.4, 9);
    cells = h3.gridDisk(middle, Math.ceil(Math.sqrt(size / 3)) + 1).slice(0, size);
    for (const [name, path] of [['feature-state', '/maplibre'], ['deck.gl H3HexagonLayer', '/deck']]) {
      console.log(`${String(size).padStart(7)}  ${name.padEnd(24)} ${await measure(path)}`);
    }
  }
} finally {
  await browser.close();
  server.close();
  rmSync(scratch, { recursive: true, force: true });
}

async function measure(path) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const client = await context.newCDPSession(page);
  await client.send('Performance.enable');
  const taskTime = async () =>
    (await client.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration').value * 1000;
  await page.goto(origin + path);
  await page.waitForFunction(() => globalThis.ready === true, undefined, { timeout: 180_000 });
  const before = await taskTime();
  const { frames, calls } = await page.evaluate(async seconds => {
    let frames = 0;
    let going = true;
    const count = () => { frames++; if (going) requestAnimationFrame(count); };
    requestAnimationFrame(count);
    const calls = [];
    for (let turn = 1; turn <= seconds; turn++) {
      const began = performance.now();
      globalThis.paint(turn);
      calls.push(performance.now() - began);
      await new Promise(resolve => setTimeout(resolve, Math.max(0, 1000 - (performance.now() - began))));
    }
    going = false;
    return { frames, calls };
  }, SECONDS);
  const spent = ((await taskTime()) - before) / SECONDS;
  const trouble = await page.evaluate(() => globalThis.trouble ?? null);
  await context.close();
  if (trouble) return `failed: ${trouble}`;
  const call = calls.reduce((sum, one) => sum + one, 0) / calls.length;
  return `${spent.toFixed(0)} ms (call ${call.toFixed(0)} ms), ${(frames / SECONDS).toFixed(1)} frames/s`;
}
