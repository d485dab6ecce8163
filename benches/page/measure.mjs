// What the page costs in a browser: bytes and time of a cold load, long tasks in a tour, a live update of 10,000 cells on the wall, and the
// heap before and after a day of updates. Asks a running server: node benches/page/measure.mjs http://127.0.0.1:8080
import { createServer, get } from 'node:http';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { existsSync } from 'node:fs';

const require = createRequire(new URL('../../web-map/ui/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const h3 = require('h3-js');

const origin = new URL(process.argv[2] ?? 'http://127.0.0.1:8080').origin;
const UPDATES = 10;
const CHANGED = 10_000;
/** A day of updates: one in ten seconds. */
const DAY_UPDATES = Number(process.env.DAY_UPDATES ?? 8_640);
const DAY_CHANGED = 50;

const ms = value => `${value.toFixed(0)} ms`;
const say = (what, figure) => console.log(`${what.padEnd(58)} ${figure}`);

const browser = await chromium.launch({ executablePath: chromiumPath(), args: flags() });
try {
  console.log(`${await browser.version()}, ${origin}`);
  const city = await (await fetch(`${origin}/v1/city`)).json();
  console.log(`${city.name}: ${city.complaints} complaints`);
  await load('/');
  await load('/wall');
  await tour();
  await wall(city);
} finally {
  await browser.close();
}

/** Bytes over the wire with an empty cache, and when the page shows values and answers. */
async function load(path) {
  const wire = await counted();
  // A context of its own has an empty cache.
  const { page } = await open();
  const began = performance.now();
  await page.goto(wire.origin + path, { waitUntil: 'commit' });
  await page.waitForSelector('html[data-ready="true"]', { timeout: 120_000 });
  const ready = performance.now() - began;
  // Interactive: a turn of the event loop is answered within 50 ms five times in a row.
  await page.evaluate(async () => {
    for (let quick = 0; quick < 5; ) {
      const asked = performance.now();
      await new Promise(resolve => setTimeout(resolve));
      quick = performance.now() - asked < 50 ? quick + 1 : 0;
    }
  });
  const interactive = performance.now() - began;
  await page.waitForTimeout(3000);
  const bytes = { fonts: 0, rest: 0, tiles: 0, api: 0 };
  for (const [url, size] of wire.answers) {
    if (url.endsWith('.woff2')) bytes.fonts += size;
    else bytes.rest += size;
    if (url.includes('/tiles/')) bytes.tiles += size;
    else if (url.includes('/v1/')) bytes.api += size;
  }
  if (process.env.EACH) for (const [url, size] of wire.answers) console.log(`  ${size} ${url}`);
  const kb = value => `${(value / 1000).toFixed(0)} kB`;
  say(`${path} cold: without fonts`, `${kb(bytes.rest)} (tiles ${kb(bytes.tiles)}, API ${kb(bytes.api)})`);
  say(`${path} cold: fonts`, kb(bytes.fonts));
  say(`${path} cold: values on the map`, ms(ready));
  say(`${path} cold: interactive`, ms(interactive));
  await page.context().close();
  wire.close();
}

/** The server behind a counter of what goes over the wire: the browser's own counts leave out what its workers fetch. */
async function counted() {
  const answers = [];
  const proxy = createServer((request, response) => {
    const to = new URL(request.url ?? '/', origin);
    const answer = [to.href, 0];
    answers.push(answer);
    const asked = get(to, { headers: { ...request.headers, host: to.host } }, from => {
      const heads = from.rawHeaders.map((part, i) => part + (i % 2 ? '\r\n' : ': ')).join('');
      answer[1] += Buffer.byteLength(heads) + 19;
      response.writeHead(from.statusCode ?? 502, from.rawHeaders);
      from.on('data', part => (answer[1] += part.length));
      from.pipe(response);
    });
    asked.on('error', () => response.destroy());
    response.on('close', () => asked.destroy());
  });
  await new Promise(resolve => proxy.listen(0, '127.0.0.1', resolve));
  return {
    answers,
    origin: `http://127.0.0.1:${proxy.address().port}`,
    close: () => (proxy.closeAllConnections(), proxy.close()),
  };
}

/** Pans, zooms, filters and opens panels as a reader does, and counts what held the page up. */
async function tour() {
  const { page, client } = await open(() => {
    globalThis.longTasks = [];
    new PerformanceObserver(list => {
      for (const { duration, startTime } of list.getEntries()) globalThis.longTasks.push([startTime, duration]);
    }).observe({ type: 'longtask', buffered: true });
  });
  await page.goto(`${origin}/?time=7d`);
  await page.waitForSelector('html[data-ready="true"]', { timeout: 120_000 });
  await page.waitForTimeout(3000);
  await client.send('Performance.enable');
  const spent = async () => {
    const { metrics } = await client.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'ScriptDuration').value * 1000;
  };
  const scriptFrom = await spent();
  const from = performance.now();
  const parts = new Map();
  const during = async (name, work) => {
    await page.evaluate(() => globalThis.longTasks.splice(0));
    await work();
    await page.waitForTimeout(1500);
    parts.set(name, await page.evaluate(() => globalThis.longTasks.map(([, duration]) => duration)));
  };
  const box = await page.locator('.maplibregl-canvas').first().boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await during('pan', async () => {
    for (const [dx, dy] of [[-200, 0], [0, -150], [200, 0], [0, 150]]) {
      await page.mouse.move(x, y);
      await page.mouse.down();
      await page.mouse.move(x + dx, y + dy, { steps: 20 });
      await page.mouse.up();
      await page.waitForTimeout(300);
    }
  });
  await during('zoom', async () => {
    await page.mouse.move(x, y);
    for (const way of [-1, -1, -1, -1, -1, -1, 1, 1, 1]) {
      await page.mouse.wheel(0, way * 200);
      await page.waitForTimeout(400);
    }
  });
  await during('filter', async () => {
    await page.locator('[data-facet="channel"] input').first().check();
    await page.waitForTimeout(1500);
    await page.locator('[data-preset="30d"]').click();
    await page.waitForTimeout(1500);
    await page.locator('.filters header .link').click();
  });
  await during('panels', async () => {
    for (const panel of ['analyse', 'sql', 'alerts', 'feeds', 'explore']) {
      await page.locator(`.rail [data-panel="${panel}"]`).click();
      await page.waitForTimeout(1500);
    }
  });
  let total = 0;
  for (const [name, tasks] of parts) {
    const long = tasks.filter(duration => duration > 50);
    total += long.length;
    say(`tour: ${name}, long tasks > 50 ms`, `${long.length}${long.length ? `, longest ${ms(Math.max(...long))}` : ''}`);
  }
  say('tour: long tasks in all', String(total));
  // What is left of them without a graphics card is waiting for pixels: this is the page's own work.
  say('tour: time in scripts', `${ms((await spent()) - scriptFrom)} of ${ms(performance.now() - from)}`);
  await page.context().close();
}

/** Live updates of many cells on the wall, and the heap before and after a day of small ones. */
async function wall(city) {
  const { page, client } = await open(() => {
    const Real = EventSource;
    globalThis.sources = [];
    globalThis.EventSource = class extends Real {
      constructor(...given) {
        super(...given);
        globalThis.sources.push(this);
      }
    };
  });
  await client.send('Performance.enable');
  await client.send('HeapProfiler.enable');
  // The first scene stays.
  await page.goto(`${origin}/wall?scene=today`);
  await page.waitForSelector('html[data-ready="true"]', { timeout: 120_000 });
  await page.waitForTimeout(3000);
  const resolution = await page.evaluate(() => {
    const open = globalThis.sources.find(({ readyState }) => readyState === 1);
    return Number(new URL(open?.url ?? 'http://x').searchParams.get('resolution') ?? 8);
  });
  const [west, south, east, north] = city.bbox;
  const middle = h3.latLngToCell((south + north) / 2, (west + east) / 2, resolution);
  const around = k => h3.gridDisk(middle, k);
  const cells = around(Math.ceil(Math.sqrt(CHANGED / 3)) + 2).slice(0, CHANGED);
  const heap = async () => {
    await client.send('HeapProfiler.collectGarbage');
    const { usedSize } = await client.send('Runtime.getHeapUsage');
    return usedSize / 1e6;
  };
  const taskTime = async () => {
    const { metrics } = await client.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration').value * 1000;
  };
  /** One event on every open stream; how long its handlers took. */
  const update = (cells, turn) =>
    page.evaluate(
      ([cells, turn]) => {
        const data = JSON.stringify({
          seq: 1e9 + turn,
          cells: cells.map((cell, i) => [cell, ((i + turn) % 40) + 1]),
          total: 1, located: 1, area_only: 0, outside: 0, not_located: 0,
        });
        const began = performance.now();
        for (const source of globalThis.sources)
          if (source.readyState === 1) source.dispatchEvent(new MessageEvent('cells', { data }));
        return performance.now() - began;
      },
      [cells, turn],
    );
  const PAUSE = 2500;
  const idleFrom = await taskTime();
  await page.waitForTimeout(PAUSE * 2);
  const idle = ((await taskTime()) - idleFrom) / 2;
  const handlers = [];
  const whole = [];
  for (let turn = 0; turn < UPDATES; turn++) {
    const before = await taskTime();
    handlers.push(await update(cells, turn));
    await page.waitForTimeout(PAUSE);
    whole.push((await taskTime()) - before - idle);
  }
  const median = values => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
  say(`wall: ${cells.length} cells of resolution ${resolution}, handler`, `median ${ms(median(handlers))}, most ${ms(Math.max(...handlers))}`);
  say('wall: the same with flash and drawing by software, 2.5 s', `median ${ms(median(whole))} of main-thread time`);
  const start = await heap();
  for (let turn = 0; turn < DAY_UPDATES; turn += 1) {
    await update(cells.slice((turn * DAY_CHANGED) % (CHANGED - DAY_CHANGED)).slice(0, DAY_CHANGED), turn);
  }
  await page.waitForTimeout(4000);
  const end = await heap();
  say(`wall: heap before / after ${DAY_UPDATES} updates`, `${start.toFixed(1)} / ${end.toFixed(1)} MB`);
  await page.context().close();
}

async function open(before) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'zh-CN' });
  const page = await context.newPage();
  if (before) await page.addInitScript(before);
  return { page, client: await context.newCDPSession(page) };
}

function flags() {
  return ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];
}

function chromiumPath() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = folders.flatMap(folder => ['chromium', 'chromium-browser'].map(name => join(folder, name))).find(existsSync);
  if (!found) throw new Error('no Chromium on the path; set CHROMIUM');
  return found;
}
