import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api } from './api';
import { picture, type Stage, stage, until } from './harness';

let city: Stage;
beforeAll(async () => {
  city = await stage();
});
afterAll(() => city?.close());

/** The made-up city has no rules. */
const real = Boolean(process.env.CITYBRAIN_URL);

describe('alerts of rules', () => {
  it.runIf(real)(
    'are told as they come, acknowledged, and gone when they are resolved',
    async () => {
      const rule = `${city.origin}/v1/rules/browser-test`;
      const body = {
        name: { zh: '浏览器测试', en: 'browser test' },
        severity: 'critical',
        when: {
          kind: 'threshold',
          complaints: { categories: ['浏览器测试'] },
          window: '1h',
          at_least: 1,
        },
      };
      const put = await fetch(rule, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(put.status).toBe(200);
      try {
        const { page, faults } = await city.open('/?time=24h&panel=alerts');
        await page.locator('.told').waitFor();
        await new Api(city.origin).post({
          id: `alert-${Date.now()}`,
          requested_at: new Date().toISOString(),
          category: '浏览器测试',
        });
        const told = page.locator('.told-list li', { hasText: '浏览器测试' });
        await told.waitFor({ timeout: 30_000 });
        await picture(page, 'desk-alerts.png');
        expect(await told.getAttribute('data-severity')).toBe('critical');
        await told.getByRole('button', { name: '知悉' }).click();
        await until(
          'it is acknowledged',
          async () => (await told.getAttribute('data-state')) === 'acknowledged',
        );
        await told.getByRole('button', { name: '办结' }).click();
        await until('it is gone', async () => (await told.count()) === 0);
        expect(faults).toEqual([]);
        await page.context().close();
      } finally {
        await fetch(rule, { method: 'DELETE' });
      }
    },
    90_000,
  );
});
