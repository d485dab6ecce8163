import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { end, picture, type Stage, serious, stage, until } from './harness';

let city: Stage;
beforeAll(async () => {
  city = await stage();
});
afterAll(() => city?.close());

describe('on a bad day', { timeout: 120_000 }, () => {
  it('says that it is stale when the stream is cut, and is live again by itself', async () => {
    const { page } = await city.open('/?time=24h');
    await until('it is live', async () => (await page.locator('html').getAttribute('data-live')) === 'live');
    await page.route('**/v1/live*', route => route.abort());
    await page.route('**/v1/cells*', route => route.abort());
    // Another question makes another stream, which now fails.
    await page.locator('[data-preset="7d"]').click();
    await page.locator('[data-banner="stale"]').waitFor({ timeout: 40_000 });
    await picture(page, 'desk-stale.png');
    expect(await page.locator('.legend .classes li').count()).toBeGreaterThan(0);
    await page.unroute('**/v1/live*');
    await page.unroute('**/v1/cells*');
    await page.locator('[data-banner="stale"] button').click();
    await until(
      'it is live again',
      async () => (await page.locator('html').getAttribute('data-live')) === 'live',
    );
    await until('no warning is left', async () => (await page.locator('.banner').count()) === 0);
    await end(page);
  });

  it('waits for a server that is down and starts when it is there', async () => {
    const { page } = await city.open('/');
    await page.route('**/v1/city', route => route.abort());
    await page.reload();
    await page.locator('.splash[role="alert"]').waitFor();
    await picture(page, 'desk-down.png');
    await page.unroute('**/v1/city');
    await page.locator('.splash button').click();
    await page.waitForSelector('html[data-ready="true"]');
    await end(page);
  });

  it("shows the server's own words when it refuses a question", async () => {
    const { page } = await city.open('/?time=all');
    await page.route('**/v1/cells*', route =>
      route.fulfill({
        status: 400,
        contentType: 'application/problem+json',
        body: JSON.stringify({
          title: 'Bad request',
          status: 400,
          detail: 'the window is the wrong way round',
        }),
      }),
    );
    // The time bar may be drawn anew just then, and the key is lost with the focus.
    const quoted = page.getByText('the window is the wrong way round');
    await until('the server is quoted', async () => {
      await page.locator('[data-grip="to"]').press('ArrowLeft');
      return quoted.waitFor({ timeout: 3_000 }).then(
        () => true,
        () => false,
      );
    });
    // The last picture stays.
    expect(await page.locator('.legend .classes li').count()).toBeGreaterThan(0);
    await end(page);
  });

  it('says so when nothing matches', async () => {
    const { page, faults } = await city.open('/?category=no-such-category');
    await page.locator('[data-banner="note"]').waitFor();
    expect(faults).toEqual([]);
    await end(page);
  });

  it('makes sense of an address that does not', async () => {
    const { page, faults } = await city.open(
      '/?at=x/y&from=never&select=area:nowhere&span=9q&lang=xx&select=cell:1&time=sometime',
    );
    await page.locator('.legend .classes li').first().waitFor();
    // A selection that the city does not have is asked for, and refused: the page goes on without it.
    expect(faults.filter(fault => !fault.includes('status of 400'))).toEqual([]);
    await end(page);
  });

  it('goes by the server when the reader’s clock is a day off, and says nothing is stale', async () => {
    const { page, faults } = await city.open('/?time=24h&lang=en', undefined, () => {
      const ahead = 26 * 3_600_000;
      const Real = Date;
      class Wrong extends Real {
        constructor(...given: [number | string] | []) {
          if (given.length === 0) super(Real.now() + ahead);
          else super(given[0]);
        }
        static override now() {
          return Real.now() + ahead;
        }
      }
      globalThis.Date = Wrong as DateConstructor;
    });
    await until('it is live', async () => (await page.locator('html').getAttribute('data-live')) === 'live');
    const from = Number(await page.locator('[data-window]').getAttribute('data-from'));
    expect(Math.abs(Date.now() - 86_400_000 - from)).toBeLessThan(15 * 60_000);
    const said = (await page.locator('.freshness').textContent()) ?? '';
    expect(said).not.toMatch(/\d+ (d|h) ago/);
    // Longer than the stream may be silent.
    await page.waitForTimeout(6000);
    expect(await page.locator('html').getAttribute('data-live')).toBe('live');
    expect(await page.locator('[data-banner="stale"]').count()).toBe(0);
    expect(faults).toEqual([]);
    await end(page);
  });

  it('holds its form with words from right to left and a category of 200 characters', async () => {
    const long = 'ش'.repeat(60) + 'W'.repeat(140);
    const arabic = 'شكاوى الضوضاء الليلية (فئة 7)';
    const { page, faults } = await city.open('/?time=7d&lang=en');
    await page.route('**/v1/breakdown?*', async route => {
      const response = await route.fetch();
      const body = (await response.json()) as { groups: { key: string | null; value: number }[] };
      for (const [i, group] of body.groups.entries()) {
        if (i === 0) group.key = arabic;
        if (i === 1) group.key = long;
      }
      await route.fulfill({ response, json: body });
    });
    await page.route('**/v1/complaints?*', async route => {
      const response = await route.fetch();
      const body = (await response.json()) as { complaints: { category: string; address: string }[] };
      for (const [i, one] of body.complaints.entries()) {
        one.category = i % 2 ? arabic : long;
        one.address = 'شارع الملك فيصل ١٢';
      }
      await route.fulfill({ response, json: body });
    });
    await page.locator('[data-preset="30d"]').click();
    const name = page.locator('.filters .name', { hasText: arabic }).first();
    await name.waitFor();
    expect(await name.evaluate(element => getComputedStyle(element).direction)).toBe('rtl');
    await page.locator('.filters .name', { hasText: long }).first().waitFor();
    await page.locator('.bars button.bar').first().click();
    await page.locator('.complaints .what').first().waitFor();
    const wide = await page.evaluate(() => {
      const parts = ['.filters', '.side', '.top', '.timeline', 'html'];
      return parts.filter(part => {
        const element = document.querySelector(part);
        return element !== null && element.scrollWidth > element.clientWidth + 1;
      });
    });
    expect(wide).toEqual([]);
    await picture(page, 'arabic.png');
    expect(await serious(page)).toEqual([]);
    expect(faults).toEqual([]);
    await end(page);
  });

  it('tells an empty city that the first record will come', async () => {
    const { page } = await city.open('/?lang=en');
    const nothing = { total: 0, located: 0, area_only: 0, outside: 0, not_located: 0 };
    await page.route('**/v1/city', async route => {
      const response = await route.fetch();
      const body = (await response.json()) as Record<string, unknown>;
      await route.fulfill({ response, json: { ...body, range: null, complaints: 0 } });
    });
    await page.route(/\/v1\/(cells|areas|series|breakdown|complaints)\?/, async route => {
      const response = await route.fetch();
      const body = (await response.json()) as Record<string, unknown>;
      const empty = Object.fromEntries(
        Object.entries(body).map(([key, value]) => [key, Array.isArray(value) ? [] : value]),
      );
      await route.fulfill({ response, json: { ...empty, ...nothing, other: 0 } });
    });
    const event = (name: string, data: unknown) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
    const at = new Date().toISOString();
    await page.route('**/v1/live?*', route =>
      route.fulfill({
        contentType: 'text/event-stream',
        body:
          event('snapshot', { seq: 0, resolution: 7, cells: [], ...nothing }) +
          event('freshness', {
            server_time: at,
            seq: 0,
            received_at: null,
            requested_at: null,
            per_minute: 0,
          }),
      }),
    );
    await page.reload();
    await page.locator('[data-banner="note"]', { hasText: 'No complaints yet' }).waitFor();
    // The map is there, with the city's areas.
    expect(await page.locator('.maplibregl-canvas').count()).toBe(1);
    await picture(page, 'empty.png');
    await end(page);
  });

  it('works for a city of one level with one area', async () => {
    const { page, faults } = await city.open('/?lang=en');
    await page.route('**/v1/city', async route => {
      const response = await route.fetch();
      const body = (await response.json()) as { levels: { areas: number }[] };
      const [first] = body.levels;
      await route.fulfill({ response, json: { ...body, levels: first ? [{ ...first, areas: 1 }] : [] } });
    });
    await page.route('**/v1/areas?*', async route => {
      const response = await route.fetch();
      const body = (await response.json()) as { areas: unknown[] };
      await route.fulfill({ response, json: { ...body, areas: body.areas.slice(0, 1) } });
    });
    await page.reload();
    await page.waitForSelector('html[data-ready="true"]');
    await page.locator('.bars button.bar').first().click();
    await page.locator('[data-fact="count"]').waitFor();
    await page.locator('select[data-layer="layer"]').selectOption({ index: 2 });
    await page.locator('.overlay-legend li').first().waitFor();
    expect(await page.locator('select[data-layer="layer"] option').count()).toBe(3);
    expect(faults).toEqual([]);
    await end(page);
  });

  it('asks for a key when the time of the old one is over, and keeps the view', async () => {
    const { page } = await city.open('/?time=7d&lang=en');
    const over = { title: 'Unauthorized', status: 401, detail: 'the key is not valid' };
    let good = false;
    await page.route(/\/v1\/(?!session)/, route =>
      good
        ? route.continue()
        : route.fulfill({
            status: 401,
            contentType: 'application/problem+json',
            body: JSON.stringify(over),
          }),
    );
    await page.route('**/v1/session', async route => {
      if (route.request().method() !== 'POST') return route.continue();
      const { key } = route.request().postDataJSON() as { key: string };
      good = key === 'right';
      return route.fulfill(
        good
          ? { status: 200, contentType: 'application/json', body: '{}' }
          : { status: 401, contentType: 'application/problem+json', body: JSON.stringify(over) },
      );
    });
    await page.locator('[data-preset="24h"]').click();
    const form = page.locator('[data-banner="key"] form');
    await form.waitFor({ timeout: 40_000 });
    await picture(page, 'key-over.png');
    expect(await page.locator('.maplibregl-canvas').count()).toBe(1);
    await form.locator('input').fill('wrong');
    await form.locator('input').press('Enter');
    await page.getByText('The key is not valid, or has expired').waitFor();
    await form.locator('input').fill('right');
    await form.locator('button').click();
    await page.waitForSelector('html[data-ready="true"]');
    await until('the form is gone', async () => (await page.locator('[data-banner="key"]').count()) === 0);
    expect(page.url()).toContain('time=24h');
    await end(page);
  });
});
