import { cellToLatLng, isValidCell, latLngToCell } from 'h3-js';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api } from './api';
import { calm, figure, picture, type Stage, seenAt, stage, until } from './harness';

let city: Stage;
let api: Api;
beforeAll(async () => {
  city = await stage();
  api = new Api(city.origin);
});
afterAll(() => city?.close());

const scale = (page: Page) => page.locator('.legend').getAttribute('data-scale');
const live = (page: Page) => page.locator('html').getAttribute('data-live');
const settled = (page: Page) => page.waitForFunction(() => !document.querySelector('.figures.pending'));

async function sum(page: Page): Promise<[total: number, parts: number]> {
  // Live figures change between two looks, so all are read at once.
  const values = await page
    .locator('.figures [data-figure]')
    .evaluateAll(all => all.map(one => Number((one as HTMLElement).dataset.value)));
  const [total = NaN, ...parts] = values;
  return [total, parts.reduce((a, b) => a + b, 0)];
}

/** Clicks around the middle of the map until a cell is chosen; where an area's name lies, that area is chosen instead. */
async function chooseCell(page: Page): Promise<string> {
  const box = await page.locator('.maplibregl-canvas').boundingBox();
  if (!box) throw new Error('there is no map');
  let turn = 0;
  let cell = '';
  await until('a cell near the middle can be clicked', async () => {
    const away = 8 * Math.sqrt(turn);
    const x = box.x + box.width / 2 + away * Math.cos(turn * 2.4);
    const y = box.y + box.height / 2 + away * Math.sin(turn * 2.4);
    turn = (turn + 1) % 40;
    await page.mouse.click(x, y);
    const selection = page.locator('[data-selection]');
    const chosen =
      (await selection.count()) > 0 ? await selection.first().getAttribute('data-selection') : null;
    cell = chosen && isValidCell(chosen) ? chosen : '';
    return cell !== '';
  });
  await page.locator('[data-fact="count"]').waitFor();
  return cell;
}

async function drag(page: Page, dx: number, dy: number): Promise<void> {
  const box = await page.locator('.maplibregl-canvas').boundingBox();
  if (!box) throw new Error('there is no map');
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + dx / 2, y + dy / 2, { steps: 4 });
  await page.mouse.move(x + dx, y + dy, { steps: 4 });
  await page.mouse.up();
}

describe('the desk', () => {
  // First, before other tests send records of their own.
  it('looks as it should', async () => {
    const { page, faults } = await city.open('/');
    await page.locator('.bars button.bar').first().waitFor();
    await page.waitForTimeout(2500);
    await picture(page, 'desk.png');
    expect(faults).toEqual([]);
    await page.context().close();
    const large = await city.open('/', { width: 1920, height: 1080 });
    await large.page.waitForTimeout(2500);
    await picture(large.page, 'desk-1920.png');
    await large.page.context().close();
  });

  it('shows the city, a legend and figures that add up, and asks nobody but its own server', async () => {
    const { page, faults } = await city.open('/?time=all');
    expect(await page.locator('h1').textContent()).toBe((await api.city()).name);
    expect(await page.locator('.legend .classes li').count()).toBeGreaterThan(0);
    const [total, parts] = await sum(page);
    expect(total).toBe(parts);
    expect(total).toBeGreaterThan(0);
    await page.locator('.bars button.bar').first().waitFor();
    await page.locator('.bars-in').waitFor({ state: 'attached' });
    await page.waitForLoadState('networkidle').catch(() => {});
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('agrees with the API', async () => {
    const to = new Date(Date.parse((await api.city()).range?.to ?? '') - 3_600_000).toISOString();
    const from = new Date(Date.parse(to) - 5 * 86_400_000).toISOString();
    const { page, faults } = await city.open(`/?from=${from}&to=${to}`);
    const answer = await api.cells(`resolution=7&from=${from}&to=${to}`);
    expect(await figure(page, 'total')).toBe(answer.total);
    expect(await figure(page, 'located')).toBe(answer.located);
    expect(await figure(page, 'outside')).toBe(answer.outside);
    expect(await figure(page, 'not_located')).toBe(answer.not_located);
    expect(await live(page)).toBe('off');
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('holds its scale while the map is moved, and comes back to it after zooming', async () => {
    const { page, faults } = await city.open('/?time=all');
    const before = await scale(page);
    await drag(page, 120, 60);
    await until('the address tells where the map looks', async () => page.url().includes('at='));
    expect(await scale(page)).toBe(before);
    await page.locator('.map-buttons button').nth(0).click();
    await page.locator('.map-buttons button').nth(0).click();
    await until('another resolution has another scale', async () => (await scale(page)) !== before);
    await page.locator('.map-buttons button').nth(2).click();
    await until('the scale is the first again', async () => (await scale(page)) === before);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('counts less under a filter, keeps it in the link, and clears it', async () => {
    const { page, faults } = await city.open('/?time=all');
    const all = await figure(page, 'total');
    const box = page.locator('[data-facet="channel"] input, [data-facet="category"] input').first();
    await box.waitFor();
    await box.check();
    await until('fewer are counted', async () => (await figure(page, 'total')) < all);
    await settled(page);
    const [total, parts] = await sum(page);
    expect(total).toBe(parts);
    expect(total).toBeGreaterThan(0);

    const link = new URL(page.url());
    const again = await city.open(link.pathname + link.search);
    expect(await figure(again.page, 'total')).toBeGreaterThanOrEqual(total);
    expect(await figure(again.page, 'total')).toBeLessThan(all);
    await again.page.context().close();

    await page.locator('.filters header .link').click();
    await until('all are counted again', async () => (await figure(page, 'total')) >= all);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('opens categories to those below, and finds one by a part of its name', async () => {
    const { page, faults } = await city.open('/?time=all');
    const list = page.locator('[data-facet="category"]');
    await list.locator('.option').first().waitFor();
    const twig = list.locator('button.twig').first();
    if ((await twig.count()) > 0) {
      await twig.click();
      await list.locator('.below .option').first().waitFor();
    }
    const last = list.locator('.option').last();
    const name = (await last.locator('.name').textContent()) ?? '';
    await page.locator('.filters input[type="search"]').nth(1).fill(name);
    const found = list.locator(`.option[title=${JSON.stringify(name)}]`).first();
    const count = Number((await found.locator('.count').textContent())?.replaceAll(/\D/g, ''));
    await found.locator('input').check();
    await until('only that category is counted', async () => {
      const total = await figure(page, 'total');
      // More may have come in since the list was counted.
      return total >= count && total <= count * 1.2 + 20;
    });
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('narrows to an area found by its name', async () => {
    const [area] = await api.areas();
    const { page, faults } = await city.open('/?time=all');
    await page.locator('.area-search input').fill(area?.name ?? '');
    await page.locator('.found li').first().waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.chip').waitFor();
    await until('only that area is counted', async () => {
      const [now] = await api.areas();
      const total = await figure(page, 'total');
      return total > 0 && Math.abs(total - (now?.value ?? 0)) <= 2;
    });
    expect(await figure(page, 'outside')).toBe(0);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('plays the window through time under one scale', async () => {
    const { page, faults } = await city.open('/?time=all');
    const window = page.locator('[data-window]');
    await page.locator('.bars-in').waitFor({ state: 'attached' });
    await page.locator('[data-play]').click();
    await until('a part of the time is shown', async () => (await window.getAttribute('data-to')) !== '');
    await until('a scale for that part is made', async () => (await live(page)) === 'off');
    await settled(page);
    const start = Number(await window.getAttribute('data-from'));
    const held = await scale(page);
    await until('the window moves', async () => Number(await window.getAttribute('data-from')) > start);
    const once = Number(await window.getAttribute('data-from'));
    await until('and moves on', async () => Number(await window.getAttribute('data-from')) > once);
    expect(await scale(page)).toBe(held);
    await picture(page, 'desk-playing.png');
    await page.locator('[data-play]').click();
    await settled(page);
    const stopped = await window.getAttribute('data-from');
    await page.waitForTimeout(1200);
    expect(await window.getAttribute('data-from')).toBe(stopped);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('moves the window by keyboard', async () => {
    const { page, faults } = await city.open('/?time=30d');
    const window = page.locator('[data-window]');
    await page.locator('.bars-in').waitFor({ state: 'attached' });
    const from = Number(await window.getAttribute('data-from'));
    await page.locator('[data-grip="both"]').focus();
    await page.keyboard.press('ArrowLeft');
    await until('the window is earlier', async () => Number(await window.getAttribute('data-from')) < from);
    expect(await live(page)).toBe('off');
    await page.locator('[data-preset="today"]').click();
    await until('it is live again', async () => (await live(page)) === 'live');
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('tells about the cell that is clicked', async () => {
    const to = new Date(Date.parse((await api.city()).range?.to ?? '') - 3_600_000).toISOString();
    const from = new Date(Date.parse(to) - 30 * 86_400_000).toISOString();
    const answer = await api.cells(`resolution=8&from=${from}&to=${to}`);
    const [area] = await api.areas(`from=${from}&to=${to}`);
    // The fullest cell near the middle of the fullest area: inside the city for sure.
    const near = (cell: string) => {
      const [lat, lon] = cellToLatLng(cell);
      return Math.hypot(lat - (area?.lat ?? 0), lon - (area?.lon ?? 0)) < 0.05;
    };
    const [fullest = ''] = answer.cells.filter(([id]) => near(id)).sort((a, b) => b[1] - a[1])[0] ?? [];
    const [lat, lon] = cellToLatLng(fullest);
    const { page, faults } = await city.open(`/?from=${from}&to=${to}&at=10.95/${lat}/${lon}`);
    const cell = await chooseCell(page);
    const count = answer.cells.find(([id]) => id === cell)?.[1] ?? 0;
    expect(count).toBeGreaterThan(0);
    const shown = await page.locator('[data-fact="count"]').textContent();
    expect(Number(shown?.replaceAll(/\D/g, ''))).toBe(count);
    expect(await page.locator('[data-fact="per_km2"]').textContent()).toMatch(/\d/);
    expect(await page.locator('.complaints li').count()).toBe(Math.min(count, 20));
    expect(page.url()).toContain(`select=cell:${cell}`);
    await picture(page, 'desk-panel.png');
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('tells about an area chosen from the ranking', async () => {
    const { page, faults } = await city.open('/?time=all');
    const row = page.locator('.bars button.bar').first();
    const name = await row.locator('.name').textContent();
    await row.click();
    await page.locator('[data-fact="per_10k"]').waitFor();
    expect(await page.locator('.panel-head h2').textContent()).toBe(name);
    await page.locator('.panel-head button').click();
    await page.locator('[data-panel="overview"]').waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('speaks Chinese and English', async () => {
    const { page, faults } = await city.open('/?lang=zh&time=all');
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN');
    expect(await page.locator('.filters h2').textContent()).toBe('筛选');
    await page.locator('[data-lang="en"]').click();
    await page.getByRole('heading', { name: 'Filters' }).waitFor();
    expect(page.url()).toContain('lang=en');
    expect(await page.locator('.legend .classes li').count()).toBeGreaterThan(0);
    await picture(page, 'desk-en.png');
    await page.locator('[data-lang="zh"]').click();
    await page.getByRole('heading', { name: '筛选' }).waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('shows a complaint within two seconds of its being sent', async () => {
    const [area] = await api.areas();
    const category = `page-test-${Date.now()}`;
    const { base_resolution } = await api.city();
    const cell = latLngToCell(area?.lat ?? 0, area?.lon ?? 0, Math.min(10, base_resolution));
    const at = `15/${cellToLatLng(cell).join('/')}`;
    const { page, faults } = await city.open(`/?category=${category}&time=24h&at=${at}`);
    await until('the page is live', async () => (await live(page)) === 'live');
    expect(await figure(page, 'total')).toBe(0);
    await calm(page);
    const seen = seenAt(page, 'total', 1);
    const sent = Date.now();
    await api.post({
      id: `${category}-1`,
      source: 'page-test',
      requested_at: new Date().toISOString(),
      category,
      channel: 'web',
      lon: area?.lon,
      lat: area?.lat,
    });
    expect((await seen) - sent).toBeLessThan(2000);
    expect(await figure(page, 'located')).toBe(1);
    expect(await chooseCell(page)).toBe(cell);
    expect(await page.locator('[data-fact="count"]').textContent()).toBe('1');
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
