import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { blocks, picture, type Stage, stage } from './harness';

let city: Stage;
beforeAll(async () => {
  city = await stage();
});
afterAll(() => city?.close());

/** What is kept of a look: where parts stand (pixels of the sides that do not hang on data) and the colours of a raster, 0 to 255. */
interface Look {
  sides: Record<string, Partial<Record<Side, number>>>;
  colours: number[][];
}
type Side = 'left' | 'top' | 'right' | 'bottom';

const COLUMNS = 32;
const ROWS = 18;
/** How far a side may be away: fonts of another machine are a little wider. */
const SIDE_PX = 8;
/** How far the mean colour of a block may be away, and of how many blocks it may be more: borders between two surfaces move with the sides. */
const COLOUR = 10;
const BLOCKS_OFF = 0.04;

/** Whatever comes from data, fonts or the graphics card is left out: what stays are surfaces, their colours and places. */
const MASK = `
  * { color: transparent !important; text-shadow: none !important; caret-color: transparent !important; transition: none !important; animation: none !important; }
  .wall-alert, .wall-stale, .map-canvas, canvas, svg, img, input, .bars, .options, .classes, .wall-bars, .wall-legend, .wall-ticker, .wall-feeds, .wall-scene i,
  .week-brush, .histogram, .banners, .tip, .freshness, .figures, .badge, .segments, .button, .icon-button, select, .legend, .tree { visibility: hidden !important; }
  ::-webkit-scrollbar { display: none; }
`;

const LOOKS: {
  name: string;
  path: string;
  size: { width: number; height: number };
  parts: Record<string, Side[]>;
}[] = [
  {
    name: 'desk',
    path: '/?time=7d&lang=zh',
    size: { width: 1440, height: 900 },
    parts: {
      '.top': ['left', 'top', 'right', 'bottom'],
      '.rail': ['left', 'top', 'right', 'bottom'],
      '.filters': ['left', 'top', 'right'],
      '.stage': ['left', 'top', 'right'],
      '.side': ['left', 'top', 'right'],
      '.timeline': ['left', 'right', 'bottom'],
      '.layer-bar': ['left', 'top'],
      '.map-buttons': ['right', 'top'],
      '.legend': ['left', 'bottom'],
    },
  },
  {
    name: 'wall',
    path: '/wall',
    size: { width: 1920, height: 1080 },
    parts: {
      '.wall-head': ['left', 'top'],
      '.wall-clock': ['right', 'top'],
      '.wall-figures': ['left', 'top'],
      '.wall-ranking': ['right', 'top'],
      '.wall-legend': ['bottom'],
    },
  },
];

it.each(LOOKS)('the $name looks as it is kept', { timeout: 150_000 }, async ({ name, path, size, parts }) => {
  const { page } = await city.open(path, size);
  await page
    .locator(name === 'wall' ? '.wall-bars li' : '.bars button.bar')
    .first()
    .waitFor();
  await page.evaluate(() => document.fonts.ready);
  await picture(page, `look-${name}.png`);
  const found = await look(page, parts);
  const file = new URL(`look/${name}.json`, import.meta.url);
  if (process.env.LOOK === 'keep') {
    mkdirSync(new URL('.', file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(found)}\n`);
  }
  const kept = JSON.parse(readFileSync(file, 'utf8')) as Look;
  for (const [part, sides] of Object.entries(kept.sides)) {
    for (const [side, at] of Object.entries(sides)) {
      const now = found.sides[part]?.[side as Side] ?? Number.NaN;
      expect(Math.abs(now - at), `${part}: ${side} is at ${now}, was at ${at}`).toBeLessThanOrEqual(SIDE_PX);
    }
  }
  const off = kept.colours.flatMap((colour, i) => {
    const away = Math.max(...colour.map((part, at) => Math.abs(part - (found.colours[i]?.[at] ?? 0))));
    return away > COLOUR ? [`column ${i % COLUMNS}, row ${Math.floor(i / COLUMNS)}: ${away}`] : [];
  });
  expect(off.length, off.join('; ')).toBeLessThanOrEqual(COLUMNS * ROWS * BLOCKS_OFF);
  // A page that failed to be drawn would be of one colour; of the wall little is left but its ground.
  expect(new Set(found.colours.map(String)).size).toBeGreaterThan(name === 'wall' ? 1 : 4);
  await page.context().close();
});

async function look(page: Page, parts: Record<string, Side[]>): Promise<Look> {
  const sides = await page.evaluate(
    parts =>
      Object.fromEntries(
        Object.entries(parts).map(([part, sides]) => {
          const box = document.querySelector(part)?.getBoundingClientRect();
          return [part, Object.fromEntries(sides.map(side => [side, Math.round(box?.[side] ?? -1)]))];
        }),
      ),
    parts,
  );
  // The policy of the page lets no style in; a sheet that a script makes is none of its business.
  await page.evaluate(mask => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(mask);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  }, MASK);
  const colours = await blocks(page, await page.screenshot(), COLUMNS, ROWS);
  return { sides, colours };
}
