import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api } from './api';
import { end, figure, picture, type Stage, serious, stage, until } from './harness';

let city: Stage;
let api: Api;
beforeAll(async () => {
  city = await stage();
  api = new Api(city.origin);
});
afterAll(() => city?.close());

const PATIENT = { timeout: 150_000 };

/** A place where complaints are: the middle of the fullest of the largest areas, close enough to see single ones. */
async function close(zoom = 15): Promise<string> {
  const [area] = await api.areas();
  return `at=${zoom}/${area?.lat}/${area?.lon}`;
}

describe('the layers', PATIENT, () => {
  it('are chosen by keys and are in the link: areas of each level, and parts of cells close by', async () => {
    const { page, faults } = await city.open(`/?time=all&lang=en&${await close()}`);
    const layer = page.locator('select[data-layer="layer"]');
    for (const { level } of (await api.city()).levels) {
      await layer.selectOption(level);
      await until(`${level} is in the link`, async () => page.url().includes(`layer=${level}`));
      await page.locator('.overlay-legend li').first().waitFor();
    }
    await layer.selectOption('aligned');
    await until('it is in the link', async () => page.url().includes('layer=aligned'));
    await until('parts are counted', async () => {
      const counts = await page.locator('.overlay-legend b').allTextContents();
      return counts.some(count => Number(count.replaceAll(/\D/g, '')) > 0);
    });
    await page.waitForTimeout(1500);
    await picture(page, 'aligned.png');
    expect(await serious(page)).toEqual([]);
    await page.locator('.map-buttons button').nth(2).click();
    await page.getByText('Zoom in to see aligned cells').waitFor();
    expect(faults).toEqual([]);
    await end(page);
  });

  it('show single complaints close by, one of which is opened by a click, and say so farther out', async () => {
    const { page, faults } = await city.open(`/?time=all&lang=en&${await close(15)}`);
    const asked = page.waitForResponse(response => response.url().includes('/v1/complaints?'));
    await page.locator('button[data-layer="points"]').click();
    const url = new URL((await asked).url());
    expect(url.searchParams.get('limit')).toBe('1000');
    const { complaints } = (await (await fetch(url)).json()) as {
      complaints: { id: string; lon: number | null; lat: number | null }[];
    };
    const one = complaints.find(({ lon }) => lon !== null);
    expect(one, 'there are complaints in the middle of the city').toBeDefined();
    // Centred, it is under the middle of the map, which Enter chooses.
    const near = await city.open(`/?time=all&lang=en&points=1&at=17/${one?.lat}/${one?.lon}`);
    const { page: there } = near;
    await until('a dot is opened', async () => {
      await there.locator('.maplibregl-canvas').first().press('Enter');
      return there.url().includes('select=complaint:');
    });
    await there.locator('.facts-list').waitFor();
    await picture(there, 'points.png');
    expect(await serious(there)).toEqual([]);
    await there.context().close();
    await page.locator('.map-buttons button').nth(2).click();
    await page.getByText('Zoom in to see single complaints').waitFor();
    await page.locator('button[data-layer="points"]').click();
    await until('the link says so', async () => !page.url().includes('points='));
    await until(
      'nothing more is said',
      async () => (await page.locator('.layer-note:visible').count()) === 0,
    );
    expect(faults).toEqual([]);
    await end(page);
  });

  it('show sensors, and offer none to the public', async () => {
    const { page, faults } = await city.open('/?time=7d&lang=en');
    const asked = page.waitForResponse(response => response.url().endsWith('/v1/sensors'));
    const button = page.locator('button[data-layer="sensors"]');
    await button.click();
    expect((await asked).ok()).toBe(true);
    expect(await button.getAttribute('aria-pressed')).toBe('true');
    expect(page.url()).toContain('sensors=1');
    await page.waitForTimeout(1000);
    await picture(page, 'sensors.png');
    await page.route('**/v1/session', route =>
      route.fulfill({
        contentType: 'application/json',
        body: JSON.stringify({ role: 'public', feeds: [], keys: true }),
      }),
    );
    await page.reload();
    await page.waitForSelector('html[data-ready="true"]');
    await until('neither is offered', async () => !(await page.locator('.layer-also').isVisible()));
    expect(faults).toEqual([]);
    await end(page);
  });

  it('put two times of areas side by side in the same colours', async () => {
    const { page, faults } = await city.open(
      '/?time=7d&layer=district&measure=change&compare=week&swipe=1&lang=en',
    );
    await page.locator('.swipe-line').waitFor();
    await until('the earlier time is counted', async () =>
      Number.isFinite(Number((await page.locator('.swipe').getAttribute('data-total')) ?? 'x')),
    );
    await page.locator('.overlay-legend li').first().waitFor();
    await page.waitForTimeout(1500);
    await picture(page, 'swipe-areas.png');
    expect(await serious(page)).toEqual([]);
    await page.locator('[data-layer="swipe"]').click();
    await until('the line is gone', async () => (await page.locator('.swipe').count()) === 0);
    expect(faults).toEqual([]);
    await end(page);
  });
});

describe('the filters', PATIENT, () => {
  it('narrow by urgency, here and in the link', async () => {
    const { page, faults } = await city.open('/?time=all&lang=en');
    const all = await figure(page, 'total');
    const option = page.locator('[data-facet="urgency"] input').first();
    await option.waitFor();
    const key = (await option.getAttribute('data-key')) ?? '';
    await option.check();
    await until('it is in the link', async () => page.url().includes(`urgency=${encodeURIComponent(key)}`));
    await until('fewer are counted', async () => (await figure(page, 'total')) < all);
    await page.waitForFunction(() => !document.querySelector('.figures.pending'));
    const told = await api.cells(`resolution=7&urgency=${encodeURIComponent(key)}`);
    const shown = await figure(page, 'total');
    expect(Math.abs(shown - told.total)).toBeLessThanOrEqual(told.total * 0.02 + 5);
    expect(await serious(page)).toEqual([]);
    expect(faults).toEqual([]);
    await end(page);
  });

  it('know the month of assessment of the city', async () => {
    const { page, faults } = await city.open('/?time=7d&lang=en');
    const day = (await api.city()).assessment_month_day;
    await page.locator('[data-preset="lastMonth"]').click();
    await until('it is in the link', async () => page.url().includes('time=lastMonth'));
    const window = page.locator('[data-window]');
    await until('the window has two ends', async () => (await window.getAttribute('data-to')) !== '');
    const zone = (await api.city()).time_zone;
    const dayOf = (at: string | null) =>
      Number(new Intl.DateTimeFormat('en', { timeZone: zone, day: 'numeric' }).format(Number(at)));
    expect(dayOf(await window.getAttribute('data-from'))).toBe(day);
    expect(dayOf(await window.getAttribute('data-to'))).toBe(day);
    expect(await page.locator('[data-preset="month"]').getAttribute('title')).toContain(String(day));
    expect(faults).toEqual([]);
    await end(page);
  });
});
