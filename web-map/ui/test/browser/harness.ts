import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import type { AxeResults } from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { preview } from 'vite';

/** A running server to test; without it the built page is served over the made-up city. */
const SERVER = process.env.CITYBRAIN_URL;
const SCREENSHOTS = process.env.SCREENSHOTS;

/** How Debian's Chromium runs without a screen, a GPU or a network of its own. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
];

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface Stage {
  origin: string;
  /** Opens a path and waits for the map to show values. What it must not do is collected in `faults`. */
  open(path: string, size?: { width: number; height: number }, before?: () => void): Promise<Visit>;
  close(): Promise<void>;
}

export interface Visit {
  page: Page;
  /** Console errors, uncaught exceptions, and requests to any other host. */
  faults: string[];
}

export async function stage(): Promise<Stage> {
  const server = SERVER ? null : await preview({ preview: { port: 0, host: '127.0.0.1' } });
  const origin = new URL(SERVER ?? server?.resolvedUrls?.local[0] ?? '').origin;
  const browser: Browser = await chromium.launch({
    executablePath: chromiumPath(),
    args: FLAGS,
  });
  return {
    origin,
    open: async (path, size = { width: 1440, height: 900 }, before) => {
      const context = await browser.newContext({ viewport: size, locale: 'zh-CN' });
      const page = await context.newPage();
      if (before) await page.addInitScript(before);
      const faults = watch(page, origin);
      await page.goto(origin + path);
      await page.waitForSelector('html[data-ready="true"]', { timeout: 45_000 });
      return { page, faults };
    },
    close: async () => {
      await browser.close();
      await server?.close();
    },
  };
}

/** The browser that `CHROMIUM` names, or the first on the path. */
function chromiumPath(): string {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const found = (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap(folder => ['chromium', 'chromium-browser', 'google-chrome'].map(name => join(folder, name)))
    .find(existsSync);
  if (!found)
    throw new Error('no Chromium on the path; install it (apt-get install chromium) or set CHROMIUM');
  return found;
}

/** Collects what a page must never do. */
function watch(page: Page, origin: string): string[] {
  const faults: string[] = [];
  page.on('console', message => {
    if (message.type() === 'error') faults.push(`console: ${message.text()}`);
  });
  page.on('pageerror', error => faults.push(`exception: ${error.message}`));
  page.on('request', request => {
    const url = new URL(request.url());
    const own = url.origin === origin || url.protocol === 'data:' || url.protocol === 'blob:';
    if (!own) faults.push(`request to another host: ${url.href}`);
  });
  return faults;
}

/** Saves a picture of the page where `SCREENSHOTS` says; nothing without it. */
export async function picture(page: Page, name: string): Promise<void> {
  if (!SCREENSHOTS) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, name) });
}

/** Ends a visit; answers that were still being made for it are nobody's any more. */
export async function end(page: Page): Promise<void> {
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await page.context().close();
}

/** A figure of the header, or of any element with a value. */
export async function figure(page: Page, name: string): Promise<number> {
  return Number(await page.locator(`[data-figure="${name}"]`).getAttribute('data-value'));
}

/** Asks until it is true, for what the page does a moment later. */
export async function until(what: string, holds: () => Promise<boolean>, ms = 30_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`after ${ms} ms still not true: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

/** Waits until the page draws at ease: ten pictures in a row without a long pause. */
export async function calm(page: Page): Promise<void> {
  await page.evaluate(
    () =>
      new Promise<void>(resolve => {
        let quick = 0;
        let before = performance.now();
        const next = (now: number) => {
          quick = now - before < 100 ? quick + 1 : 0;
          before = now;
          if (quick < 10) requestAnimationFrame(next);
          else resolve();
        };
        requestAnimationFrame(next);
      }),
  );
}

/** When (milliseconds since 1970) a figure first has a value, as seen inside the page. */
export function seenAt(page: Page, name: string, value: number): Promise<number> {
  return page.evaluate(
    ([name, value]) =>
      new Promise<number>(resolve => {
        const figure = document.querySelector<HTMLElement>(`[data-figure="${name}"]`);
        const look = () => figure?.dataset.value === String(value) && resolve(Date.now());
        if (figure) new MutationObserver(look).observe(figure, { attributes: true });
        look();
      }),
    [name, value] as const,
  );
}

/** What axe-core finds that keeps people out. */
export async function serious(page: Page): Promise<string[]> {
  // What is being counted anew is dimmed for as long: words that say nothing yet need no contrast.
  await page.waitForFunction(() => !document.querySelector('.pending'));
  // Not as a script tag: the server's content security policy rightly refuses one.
  await page.evaluate(AXE);
  const found = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}

/** The mean colours of a picture (PNG) in a raster of columns and rows, row by row: red, green, blue from 0 to 255. */
export function blocks(page: Page, png: Buffer, columns: number, rows: number): Promise<number[][]> {
  return page.evaluate(
    async ([base64, columns, rows]) => {
      const bytes = Uint8Array.from(atob(base64), letter => letter.charCodeAt(0));
      const small = await createImageBitmap(new Blob([bytes], { type: 'image/png' }), {
        resizeWidth: columns,
        resizeHeight: rows,
        resizeQuality: 'high',
      });
      const context = new OffscreenCanvas(columns, rows).getContext('2d');
      context?.drawImage(small, 0, 0);
      const data = context?.getImageData(0, 0, columns, rows).data ?? new Uint8ClampedArray();
      return Array.from({ length: columns * rows }, (_, i) => [...data.subarray(4 * i, 4 * i + 3)]);
    },
    [png.toString('base64'), columns, rows] as const,
  );
}
