import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { end, picture, type Stage, serious, stage, until } from './harness';

let city: Stage;
beforeAll(async () => {
  city = await stage();
});
afterAll(() => city?.close());

const PATIENT = { timeout: 120_000 };
/** The made-up city takes everything. */
const real = Boolean(process.env.CITYBRAIN_URL);

/** Sends complaints of a feed; how many were refused. */
async function send(rows: Record<string, unknown>[]): Promise<number> {
  const response = await fetch(`${city.origin}/v1/complaints`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(rows),
  });
  return ((await response.json()) as { rejected: unknown[] }).rejected.length;
}

describe('the feeds', PATIENT, () => {
  it('are told with state, rates, lag and what became of what they sent', async () => {
    const { page, faults } = await city.open('/?panel=feeds&lang=en');
    const feed = page.locator('.feed-list > li').first();
    await feed.waitFor();
    expect(await feed.getAttribute('data-state')).toMatch(/^(ok|new|quiet|never)$/);
    const figures = await feed.locator('.feed-figures dt').allTextContents();
    expect(figures).toEqual([
      'Now, per hour',
      'Usually, per hour',
      'Lag',
      'Accepted',
      'Duplicate',
      'Refused',
    ]);
    await picture(page, 'feeds.png');
    expect(await serious(page)).toEqual([]);
    expect(faults).toEqual([]);
    await end(page);
  });

  it.runIf(real)('show what was refused and why, and read it again when asked', async () => {
    // A row that is no record belongs to the feed that the route stands for.
    const source = 'http';
    const now = new Date().toISOString();
    const refused = await send([
      { id: `good-${now}`, requested_at: now },
      { id: 'no-time', requested_at: 'in the morning' },
      { id: 'far', requested_at: now, lon: 900, lat: 1 },
    ]);
    expect(refused).toBe(2);
    const { page, faults } = await city.open('/?panel=feeds&lang=en');
    const feed = page.locator(`.feed-list > li[data-feed="${source}"]`);
    await feed.waitFor();
    await until('it is told by rule', async () =>
      /time \d/.test((await feed.locator('.by-rule').textContent()) ?? ''),
    );
    await page.locator('[name="refused-source"]').selectOption(source);
    const rows = page.locator('.refusals > li');
    await until('only rows of this feed are listed', async () => {
      const told = await rows.allTextContents();
      return told.length >= 2 && told.every(text => text.includes(source));
    });
    // Keys alone open what was sent.
    await rows.first().locator('summary').focus();
    await page.keyboard.press('Enter');
    await rows.first().locator('pre').waitFor();
    expect(await rows.first().locator('pre').textContent()).toMatch(/no-time|far/);
    await picture(page, 'refused.png');
    expect(await serious(page)).toEqual([]);

    await page.locator('[data-replay="all"]').click();
    const outcome = page.locator('.refused-list .outcome');
    await until('it says what came of it', async () =>
      /^\d+ rows read again: 0 new, .* [1-9]\d* still refused$/.test((await outcome.textContent()) ?? ''),
    );
    // One that is a record now leaves the list.
    const id = Number(await rows.first().getAttribute('data-refused'));
    const asked: unknown[] = [];
    await page.route('**/v1/rejected/replay', route => {
      asked.push(route.request().postDataJSON());
      const body = JSON.stringify({ read: 1, accepted: 1, updated: 0, duplicate: 0, rejected: 0 });
      return route.fulfill({ contentType: 'application/json', body });
    });
    await rows.first().locator('[data-replay]').click();
    await until('the one is told', async () =>
      ((await outcome.textContent()) ?? '').startsWith('1 rows read again: 1 new'),
    );
    expect(asked).toEqual([{ source, ids: [id] }]);
    // The rule narrows the list.
    const rule = await page.locator('[name="refused-rule"] option').nth(1).getAttribute('value');
    await page.locator('[name="refused-rule"]').selectOption(rule);
    await until('one rule is listed', async () => {
      const told = await rows.allTextContents();
      return told.length > 0 && told.every(text => text.includes(`· ${rule} ·`));
    });
    expect(faults).toEqual([]);
    await end(page);
  });

  it('offer no replay to a role that may not write, and hide what was sent where it must not be read', async () => {
    const { page } = await city.open('/?lang=en');
    const json = (body: unknown) => ({ contentType: 'application/json', body: JSON.stringify(body) });
    const row = {
      id: 5,
      received_at: '2026-05-01T08:00:00Z',
      source: 'hotline',
      profile: 'http',
      index: 0,
      field: 'requested_at',
      value: 'noon',
      rule: 'time',
      message: 'a time with an offset is asked for',
    };
    await page.route('**/v1/session', route =>
      route.fulfill(json({ role: 'operator', feeds: [], keys: true })),
    );
    await page.route('**/v1/rejected?*', route => route.fulfill(json({ rejected: [row], next: null })));
    await page.route('**/v1/rejected/5', route => route.fulfill(json(row)));
    await page.locator('.rail [data-panel="feeds"]').click();
    await page.locator('.refusals summary').click();
    await page.getByText('Your role is not shown what was sent').waitFor();
    expect(await page.locator('[data-replay]:visible').count()).toBe(0);
    await end(page);
  });
});
