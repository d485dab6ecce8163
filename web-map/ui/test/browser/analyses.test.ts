import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { picture, type Stage, serious, stage, until } from './harness';

let city: Stage;
beforeAll(async () => {
  city = await stage();
});
afterAll(() => city?.close());

const NAMES = [
  'hotspots',
  'emerging_hotspots',
  'clusters',
  'periodic_issues',
  'bursts',
  'leading_sensors',
  'forecast',
];

/** The made-up city of the development server has no analyses. */
describe.skipIf(!process.env.CITYBRAIN_URL)('analyses and SQL on the desk', () => {
  it('tells each analysis in one sentence, draws it, and gives its SQL as a table', async () => {
    const { page, faults } = await city.open('/?panel=analyse');
    for (const name of NAMES) {
      await page.locator(`[data-analysis="${name}"]`).click();
      await page.locator(`[data-analysis="${name}"][aria-selected="true"]`).waitFor();
      await until(`${name} is answered`, async () => {
        const panel = page.locator('.analysis');
        return (await panel.getAttribute('data-answers')) === name;
      });
      expect((await page.locator('.sentence').textContent())?.length, name).toBeGreaterThan(10);
      expect(await page.locator('.overlay-legend li').count(), name).toBeGreaterThan(0);
      await picture(page, `analysis-${name}.png`);
    }
    expect(await serious(page)).toEqual([]);
    await page.locator('.result-tools button').first().click();
    await page.locator('.result-table tbody tr').first().waitFor();
    expect(await page.locator('.sql-field').inputValue()).toContain('forecast(');
    expect(faults).toEqual([]);
    await page.context().close();
  }, 180_000);

  it('gives the same analysis from a link, and says why one cannot be made', async () => {
    const { page } = await city.open('/?panel=analyse&analysis=emerging_hotspots&a.period=30d&a.step=month');
    await until(
      'it is refused',
      async () => (await page.locator('.analysis').getAttribute('data-state')) === 'refused',
    );
    expect((await page.locator('.analysis .refused').textContent())?.length).toBeGreaterThan(10);
    expect(await page.locator('[data-param="step"]').inputValue()).toBe('month');
    await page.context().close();
  });

  it('answers SQL as table, chart and map, completes words, and quotes what is refused', async () => {
    const { page } = await city.open('/?panel=sql');
    const field = page.locator('.sql-field');
    await field.fill('SELECT dis');
    await field.press('End');
    await field.pressSequentially('t');
    await page.locator('.completions [role="option"]').first().waitFor();
    await field.press('Tab');
    expect(await field.inputValue()).toBe('SELECT district');
    await field.fill('SELECT district, count(*) AS n FROM complaints GROUP BY 1 ORDER BY 2 DESC');
    await field.press('Control+Enter');
    await page.locator('.result-table tbody tr').first().waitFor();
    await page.locator('[data-tab="chart"]').click();
    await page.locator('.sql-result .bars li').first().waitFor();
    await page.locator('[data-tab="map"]').click();
    await page.locator('.overlay-legend li').first().waitFor();
    await picture(page, 'sql.png');
    expect(await serious(page)).toEqual([]);
    await field.fill('DROP TABLE complaints');
    await field.press('Control+Enter');
    await page.locator('.sql .error').waitFor();
    await page.context().close();
  });

  it('tells integrators what came in and what was refused', async () => {
    const { page, faults } = await city.open('/?panel=feeds');
    await page.locator('.feed-list > li').first().waitFor();
    await page.locator('.rail [data-panel="alerts"]').click();
    await page.locator('.alerts').waitFor();
    expect(await serious(page)).toEqual([]);
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
