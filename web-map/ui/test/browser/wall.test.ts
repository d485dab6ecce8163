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
