import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stage, serious, stage } from './harness';

let city: Stage;
beforeAll(async () => {
  city = await stage();
});
afterAll(() => city?.close());

it.each(['zh', 'en'])('keeps nobody out: the desk in %s', async lang => {
  const { page } = await city.open(`/?time=7d&lang=${lang}`);
  await page.locator('.bars button.bar').first().waitFor();
  expect(await serious(page)).toEqual([]);
  await page.locator('.bars button.bar').first().click();
  await page.locator('[data-fact="count"]').waitFor();
  expect(await serious(page)).toEqual([]);
  await page.context().close();
});

it('lets a keyboard reach every control in turn, each with a visible focus', async () => {
  const { page } = await city.open('/?time=7d');
  await page.locator('.bars button.bar').first().waitFor();
  const seen = new Set<string>();
  for (let i = 0; i < 130; i++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const active = document.activeElement;
      if (!active || active === document.body) return null;
      const { outlineStyle } = getComputedStyle(active);
      const name = active.closest('[class]')?.className ?? active.tagName;
      return { name: String(name), visible: outlineStyle !== 'none' };
    });
    if (!at) continue;
    expect(at.visible, at.name).toBe(true);
    seen.add(at.name);
  }
  const reached = [...seen].join(' ');
  for (const part of ['maplibregl-canvas', 'grip', 'play', 'bar', 'field', 'option', 'icon-button']) {
    expect(reached).toContain(part);
  }
  await page.context().close();
});
