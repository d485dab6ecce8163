import { afterAll, beforeAll, expect, it } from 'vitest';
import { crossing } from '../mock/pmtiles';
import { Api } from './api';
import { blocks, calm, end, type Stage, stage, until } from './harness';

/** A raster about as fine as the picture, and its rows around the middle. */
const [COLUMNS, ROWS] = [540, 590];
const MIDDLE = Array.from({ length: 20 }, (_, i) => 285 + i);

let city: Stage;
beforeAll(async () => {
  city = await stage();
});
afterAll(() => city?.close());

it('draws the streets of a PMTiles file, read by ranges, and is whole without one', {
  timeout: 120_000,
}, async () => {
  const [west, south, east, north] = (await new Api(city.origin).city()).bbox;
  const [lon, lat] = [(west + east) / 2, (south + north) / 2];
  // A window that has ended, so that the cells of both pictures are the same.
  const view = `/?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z&at=11/${lat.toFixed(5)}/${lon.toFixed(5)}`;
  const { page, faults } = await city.open(view, { width: 1200, height: 800 });
  const canvas = page.locator('.map-canvas');
  await page.waitForTimeout(1500);
  await calm(page);
  const plain = await blocks(page, await canvas.screenshot(), COLUMNS, ROWS);

  const file = crossing(lon, lat, 8);
  const ranges: string[] = [];
  await page.route('**/basemap.pmtiles', route => {
    const range = route.request().headers().range ?? '';
    ranges.push(range);
    const [, first = '0', last = '0'] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
    const end = Math.min(Number(last), file.length - 1);
    return route.fulfill({
      status: 206,
      headers: { 'content-range': `bytes ${first}-${end}/${file.length}`, etag: '"one"' },
      contentType: 'application/vnd.pmtiles',
      body: file.subarray(Number(first), end + 1),
    });
  });
  await page.route('**/v1/city', async route => {
    const response = await route.fetch();
    const body = (await response.json()) as Record<string, unknown>;
    await route.fulfill({ response, json: { ...body, basemap: '/basemap.pmtiles' } });
  });
  await page.reload();
  await page.waitForSelector('html[data-ready="true"]');
  await until('streets are drawn through the middle', async () => {
    const drawn = await blocks(page, await canvas.screenshot(), COLUMNS, ROWS);
    const differs = (column: number, row: number) => {
      const at = row * COLUMNS + column;
      return Math.abs((drawn[at]?.[1] ?? 0) - (plain[at]?.[1] ?? 0)) > 3;
    };
    // The line from left to right meets half of the columns at least: names and controls lie on the others.
    const columns = Array.from({ length: COLUMNS }, (_, column) => MIDDLE.some(row => differs(column, row)));
    return columns.filter(Boolean).length > COLUMNS / 3;
  });
  expect(ranges.length).toBeGreaterThan(0);
  expect(ranges.every(range => /^bytes=\d+-\d+$/.test(range))).toBe(true);
  expect(faults).toEqual([]);
  await end(page);
});
