import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stage, stage } from './harness';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let city: Stage;
beforeAll(async () => {
  city = await stage();
});
afterAll(() => city?.close());

/** What axe-core finds that keeps people out. */
async function serious(page: Page): Promise<string[]> {
  // Not as a script tag: the server's content security policy rightly refuses one.
  await page.evaluate(AXE);
  const found = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}

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
  for (let i = 0; i < 90; i++) {
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
