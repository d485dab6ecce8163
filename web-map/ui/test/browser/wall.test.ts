import { afterAll, beforeAll, expect, it } from 'vitest';
import { figure, picture, type Stage, stage, until } from './harness';

let city: Stage;
beforeAll(async () => {
  city = await stage();
});
afterAll(() => city?.close());

it.each([
  [1920, 1080],
  [3840, 2160],
  [7680, 2160],
])('the wall fills %i×%i without scrolling and shows today', async (width, height) => {
  const { page, faults } = await city.open('/wall', { width, height });
  await until('today is counted', async () => Number.isFinite(await figure(page, 'total')));
  await page.locator('.wall-bars li').first().waitFor();
  const seconds = await page.locator('.clock-time').textContent();
  await until('the clock goes', async () => (await page.locator('.clock-time').textContent()) !== seconds);
  expect(await page.locator('.freshness').getAttribute('data-live')).toBe('live');
  const overflow = await page.evaluate(
    () =>
      document.documentElement.scrollHeight > innerHeight ||
      document.documentElement.scrollWidth > innerWidth,
  );
  expect(overflow).toBe(false);
  if (width === 1920) {
    await page.waitForTimeout(2500);
    await picture(page, 'wall.png');
  }
  expect(faults).toEqual([]);
  await page.context().close();
});

it('says within five seconds that it hears the server no more, and goes on by itself', async () => {
  const { page } = await city.open('/wall', { width: 1280, height: 720 }, () => {
    // A network that is cut without a word: the stream stays open, and nothing comes.
    const listen = EventSource.prototype.addEventListener;
    EventSource.prototype.addEventListener = function (this: EventSource, type: string, heard: unknown) {
      const through = (event: Event) => {
        if (document.documentElement.dataset.mute !== 'true') (heard as (event: Event) => void)(event);
      };
      listen.call(this, type, through);
    } as typeof listen;
  });
  const live = () => page.locator('html').getAttribute('data-live');
  await until('it is live', async () => (await live()) === 'live');
  const after = await page.evaluate(
    () =>
      new Promise<number>(resolve => {
        document.documentElement.dataset.mute = 'true';
        const began = performance.now();
        const look = setInterval(() => {
          if (document.querySelector('.wall-stale:not([hidden])') === null) return;
          clearInterval(look);
          resolve(performance.now() - began);
        }, 50);
      }),
  );
  // Five seconds are the promise; a loaded machine may draw a little later.
  expect(after).toBeLessThan(7_000);
  await page.evaluate(() => {
    document.documentElement.dataset.mute = 'false';
  });
  await until('it is live again', async () => (await live()) === 'live');
  await page.context().close();
});
