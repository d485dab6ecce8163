import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readWeek } from '../../src/api/week';
import { Api } from './api';
import { figure, picture, type Stage, serious, stage, until } from './harness';

let city: Stage;
let api: Api;
beforeAll(async () => {
  city = await stage();
  api = new Api(city.origin);
});
afterAll(() => city?.close());

/** Two maps and a look for barriers take their time where no GPU draws. */
const PATIENT = { timeout: 150_000 };

/** The made-up city keeps no rules and no keys. */
const real = Boolean(process.env.CITYBRAIN_URL);

describe('the search box', PATIENT, () => {
  it('finds an area by keys alone, goes there and opens it', async () => {
    const [area] = await api.areas();
    const { page, faults } = await city.open('/?time=all');
    await page.locator('.maplibregl-canvas').focus();
    await page.keyboard.press('/');
    await page.keyboard.type(area?.name ?? '');
    await page
      .locator('.search .found li', { hasText: area?.name ?? '' })
      .first()
      .waitFor();
    await picture(page, 'search.png');
    expect(await serious(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await until('the area is chosen', async () => page.url().includes(`select=`));
    await until('the map went there', async () => page.url().includes('at='));
    await page.locator(`[data-selection="${area?.id}"] [data-fact="count"]`).waitFor();
    await page.locator('[data-around="rhythm"] .week-grid td').first().waitFor();
    await page.locator('[data-around="neighbours"] .bar').first().waitFor();
    await page.locator('.side').evaluate(side => side.scrollTo(0, 1e6));
    await picture(page, 'around.png');
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('finds a complaint by the beginning of its id, and opens it', async () => {
    const { complaints } = (await (await fetch(`${city.origin}/v1/complaints?limit=1`)).json()) as {
      complaints: { id: string; source: string }[];
    };
    const [complaint] = complaints;
    const { page, faults } = await city.open('/?time=all');
    const field = page.locator('.search input');
    await field.fill(complaint?.id ?? '');
    const hit = page.locator('.search .found li', { hasText: complaint?.id ?? '' }).first();
    await hit.waitFor();
    await hit.dispatchEvent('mousedown');
    await page.locator(`[data-selection="${complaint?.id}"] .facts-list`).waitFor();
    await picture(page, 'complaint.png');
    expect(await serious(page)).toEqual([]);
    const again = await city.open(new URL(page.url()).pathname + new URL(page.url()).search);
    await again.page.locator(`[data-selection="${complaint?.id}"] .facts-list`).waitFor();
    await again.page.context().close();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('goes to a position, and says so when nothing is found', async () => {
    const { page, faults } = await city.open('/?time=all');
    const [west = 0, south = 0, east = 0, north = 0] = (await api.city()).bbox;
    const field = page.locator('.search input');
    await field.fill(`${((south + north) / 2).toFixed(4)}, ${((west + east) / 2).toFixed(4)}`);
    await page.locator('.search .found li').first().waitFor();
    await field.press('Enter');
    await until('the map looks close', async () => Number(/at=([\d.]+)/.exec(page.url())?.[1] ?? 0) > 13);
    await field.fill('zzz-no-such-thing-zzz');
    await page.locator('.search .found .muted').waitFor();
    await field.press('Escape');
    await until('the list is gone', async () => !(await page.locator('.search .found').isVisible()));
    expect(faults).toEqual([]);
    await page.context().close();
  });
});

describe('hours of the week', PATIENT, () => {
  it('are drawn by keys, narrow what is counted, and are in the link', async () => {
    const { page, faults } = await city.open('/?time=all');
    const all = await figure(page, 'total');
    await page.locator('.week-brush [tabindex="0"]').focus();
    for (let i = 0; i < 4; i++) await page.keyboard.press('Shift+ArrowDown');
    for (let i = 0; i < 2; i++) await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Enter');
    await until('the hours are in the link', async () => page.url().includes('week=1-5:8-10'));
    await until('fewer are counted', async () => (await figure(page, 'total')) < all);
    await page.waitForFunction(() => !document.querySelector('.figures.pending'));
    const asked = await api.cells('resolution=7&week=1-5:8-10');
    const shown = await figure(page, 'total');
    // More may come in between the two looks.
    expect(Math.abs(shown - asked.total)).toBeLessThanOrEqual(asked.total * 0.02 + 5);
    expect(shown).toBeGreaterThan(0);
    expect(await page.locator('.week-brush [aria-selected="true"]').count()).toBe(15);
    await picture(page, 'week.png');
    expect(await serious(page)).toEqual([]);
    await page.locator('.week-brush [tabindex="0"]').focus();
    await page.keyboard.press('Escape');
    await until('all are counted again', async () => (await figure(page, 'total')) >= all);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('are drawn by the mouse, whichever corner comes first', async () => {
    const { page, faults } = await city.open('/?time=all');
    const cell = (day: number, hour: number) => page.locator(`[data-day="${day}"][data-hour="${hour}"]`);
    await cell(6, 20).hover();
    await page.mouse.down();
    await cell(5, 12).hover();
    await page.mouse.up();
    await until('the link has them', async () => page.url().includes('week=6-7:12-20'));
    expect(readWeek('6-7:12-20')?.days).toEqual([5, 6]);
    expect(faults).toEqual([]);
    await page.context().close();
  });
});

describe('two times', PATIENT, () => {
  it('are side by side under a line that keys and the mouse move', async () => {
    const { page, faults } = await city.open('/?time=7d&measure=change&compare=week&swipe=1');
    const line = page.locator('.swipe-line');
    await line.waitFor();
    await until('the earlier time is counted', async () => {
      const total = await page.locator('.swipe').getAttribute('data-total');
      return total !== null;
    });
    expect(await page.locator('.legend .classes li').count()).toBeGreaterThan(0);
    await line.focus();
    await page.keyboard.press('Home');
    expect(await line.getAttribute('aria-valuenow')).toBe('0');
    await page.keyboard.press('End');
    expect(await line.getAttribute('aria-valuenow')).toBe('100');
    const box = await page.locator('.swipe').boundingBox();
    if (!box) throw new Error('there is no map');
    await line.hover();
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 5 });
    await page.mouse.up();
    expect(Number(await line.getAttribute('aria-valuenow'))).toBe(50);
    await page.waitForTimeout(1500);
    await picture(page, 'swipe.png');
    expect(await serious(page)).toEqual([]);
    await page.locator('[data-layer="swipe"]').click();
    await until('the line is gone', async () => (await page.locator('.swipe').count()) === 0);
    await page.locator('.overlay-legend li').first().waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });
});

describe('what leaves the page', PATIENT, () => {
  it('is a picture with title, legend, source and data cut', async () => {
    const { page, faults } = await city.open('/?time=7d');
    await page.locator('.legend .classes li').first().waitFor();
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('[data-tool="picture"]').click(),
    ]);
    expect(saved.suggestedFilename()).toMatch(/\.png$/);
    const file = await saved.path();
    const { readFileSync, copyFileSync } = await import('node:fs');
    const bytes = readFileSync(file);
    expect(bytes.subarray(1, 4).toString()).toBe('PNG');
    // The map's own size, and the words above and below.
    const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
    const map = await page
      .locator('.maplibregl-canvas')
      .first()
      .evaluate(canvas => {
        const { width, height } = canvas as HTMLCanvasElement;
        return { width, height };
      });
    expect(width).toBe(map.width);
    expect(height).toBeGreaterThan(map.height + 100);
    // A map that was copied after its picture was thrown away would be of one colour, and packs to next to nothing.
    expect(bytes.length).toBeGreaterThan(40_000);
    if (process.env.SCREENSHOTS) copyFileSync(file, `${process.env.SCREENSHOTS}/saved.png`);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('is a sheet of paper with the same, and nothing else of the page', async () => {
    const { page, faults } = await city.open('/?time=7d&lang=en');
    await page.locator('.legend .classes li').first().waitFor();
    const { name } = await api.city();
    const pdf = await page.pdf({ format: 'A4', landscape: true });
    expect(pdf.subarray(0, 4).toString()).toBe('%PDF');
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    await page.emulateMedia({ media: 'print' });
    const paper = page.locator('.paper');
    expect(await paper.locator('h1').textContent()).toContain(name);
    expect(await paper.locator('li').count()).toBeGreaterThan(0);
    expect(await paper.locator('footer').textContent()).toMatch(/Source: .*Data up to .*sequence \d+/);
    expect(await page.locator('.desk').isVisible()).toBe(false);
    const painted = await paper.locator('canvas').evaluate(element => {
      const canvas = element as HTMLCanvasElement;
      const data = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      const colours = new Set<number>();
      for (let i = 0; i < data.length; i += 400) {
        colours.add(((data[i] ?? 0) << 16) | ((data[i + 1] ?? 0) << 8) | (data[i + 2] ?? 0));
      }
      return colours.size;
    });
    expect(painted).toBeGreaterThan(5);
    await picture(page, 'paper.png');
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
    await page.emulateMedia({ media: 'screen' });
    expect(await paper.count()).toBe(0);
    expect(faults).toEqual([]);
    await page.context().close();
  });
});

describe('keys and rules', PATIENT, () => {
  it('shows the secret of a new key once, and takes a key back only when asked twice', async () => {
    const { page, faults } = await city.open('/');
    const key = {
      id: 7,
      name: 'gate',
      role: 'admin',
      feeds: [],
      created_at: '2026-01-01T00:00:00Z',
      expires_at: null,
      revoked_at: null,
      valid: true,
    };
    let keys = [{ ...key, id: 1, name: 'first' }];
    const asked: unknown[] = [];
    await page.route('**/v1/keys**', async route => {
      const request = route.request();
      const json = (body: unknown) =>
        route.fulfill({ contentType: 'application/json', body: JSON.stringify(body) });
      if (request.method() === 'POST') {
        asked.push(request.postDataJSON());
        keys = [...keys, key];
        return json({ key, secret: 'cb_7_secret' });
      }
      if (request.method() === 'DELETE') {
        asked.push(request.url());
        keys = keys.map(one => (one.id === 7 ? { ...one, valid: false } : one));
      }
      return json({ keys });
    });
    await page.locator('.rail [data-panel="feeds"]').click();
    await page.locator('.keys summary').click();
    await page.locator('.keys [name="name"]').fill('gate');
    await page.locator('.keys [name="feeds"]').fill('noise, air');
    await page.locator('.keys form button').click();
    expect(await page.locator('[data-secret]').textContent()).toBe('cb_7_secret');
    expect(asked[0]).toEqual({ role: 'admin', name: 'gate', feeds: ['noise', 'air'] });
    await picture(page, 'keys.png');
    expect(await serious(page)).toEqual([]);
    await page.locator('.secret button').nth(1).click();
    expect(await page.locator('[data-secret]').count()).toBe(0);
    const row = page.locator('[data-key="7"]');
    await row.locator('button').click();
    expect(asked.length).toBe(1);
    await row.locator('button').click();
    await until('the key is no longer good', async () => (await row.getAttribute('data-valid')) === 'false');
    expect(String(asked[1])).toMatch(/\/v1\/keys\/7$/);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it.runIf(real)('switches a rule off and on, and tries it on history', async () => {
    const { page, faults } = await city.open('/?panel=alerts');
    const rule = page.locator('.rule-list > li').first();
    await rule.waitFor();
    const id = (await rule.getAttribute('data-rule')) ?? '';
    const isOn = async () => {
      const entry = (await (await fetch(`${city.origin}/v1/rules/${id}`)).json()) as {
        rule: { on?: boolean };
      };
      return entry.rule.on !== false;
    };
    const before = await isOn();
    try {
      await rule.locator('[role="switch"]').click();
      await until('the server has it', async () => (await isOn()) === !before);
      await page.locator(`[data-rule="${id}"] [data-try="7"]`).click();
      await page.locator(`[data-rule="${id}"] .rule-answer :is(.would, .refused)`).waitFor();
      await picture(page, 'rules.png');
      expect(await serious(page)).toEqual([]);
    } finally {
      await page.locator(`[data-rule="${id}"] [role="switch"]`).click();
      await until('it is as before', async () => (await isOn()) === before);
    }
    // A stretch that is too long to be played is refused in words.
    expect(faults.filter(fault => !fault.includes('status of 4'))).toEqual([]);
    await page.context().close();
  });
});

it.runIf(real)(
  'the wall tells alerts of rules before bursts, and gives the newest the stage',
  async () => {
    const rule = `${city.origin}/v1/rules/browser-wall`;
    const put = await fetch(rule, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        name: { zh: '大屏测试', en: 'wall test' },
        severity: 'critical',
        when: { kind: 'threshold', complaints: { categories: ['大屏测试'] }, window: '1h', at_least: 1 },
      }),
    });
    expect(put.status).toBe(200);
    try {
      const { page, faults } = await city.open('/wall', { width: 1920, height: 1080 });
      await until('today is counted', async () => Number.isFinite(await figure(page, 'total')));
      await api.post({
        id: `wall-${Date.now()}`,
        requested_at: new Date().toISOString(),
        category: '大屏测试',
      });
      const told = page.locator('.wall-ticker [data-severity="critical"]', { hasText: '大屏测试' });
      await told.waitFor({ state: 'attached', timeout: 30_000 });
      const stage = page.locator('.wall-alert', { hasText: '大屏测试' });
      // Another critical one may have the stage before it.
      await stage.waitFor({ timeout: 40_000 });
      await picture(page, 'wall-alert.png');
      const first = page.locator('.wall-ticker p > span').first();
      expect(await first.getAttribute('data-alert')).not.toBeNull();
      expect(faults).toEqual([]);
      await page.context().close();
    } finally {
      await fetch(rule, { method: 'DELETE' });
    }
  },
  90_000,
);
