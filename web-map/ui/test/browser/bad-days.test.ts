import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { picture, type Stage, stage, until } from './harness';

let city: Stage;
beforeAll(async () => {
  city = await stage();
});
afterAll(() => city?.close());

describe('on a bad day', () => {
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
    await page.context().close();
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
    await page.context().close();
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
    await page.context().close();
  });

  it('says so when nothing matches', async () => {
    const { page, faults } = await city.open('/?category=no-such-category');
    await page.locator('[data-banner="note"]').waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('makes sense of an address that does not', async () => {
    const { page, faults } = await city.open(
      '/?at=x/y&from=never&select=area:nowhere&span=9q&lang=xx&select=cell:1&time=sometime',
    );
    await page.locator('.legend .classes li').first().waitFor();
    // A selection that the city does not have is asked for, and refused: the page goes on without it.
    expect(faults.filter(fault => !fault.includes('status of 400'))).toEqual([]);
    await page.context().close();
  });
});
