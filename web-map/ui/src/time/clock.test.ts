import { afterEach, expect, it, vi } from 'vitest';
import { Clock } from './clock';

afterEach(() => vi.useRealTimers());

it("goes by the server's time, whatever the reader's clock says and however it is set", () => {
  vi.useFakeTimers({ now: Date.parse('2020-01-01T00:00:00Z') });
  const clock = new Clock();
  clock.set('2026-05-01T08:00:00Z');
  vi.advanceTimersByTime(5000);
  expect(clock.now()).toBe(Date.parse('2026-05-01T08:00:05Z'));
  vi.setSystemTime(Date.parse('2031-01-01T00:00:00Z'));
  expect(clock.now()).toBe(Date.parse('2026-05-01T08:00:05Z'));
});

it('keeps what it knew when the server says nonsense', () => {
  const clock = new Clock();
  clock.set('2026-05-01T08:00:00Z');
  clock.set('noon');
  expect(Math.abs(clock.now() - Date.parse('2026-05-01T08:00:00Z'))).toBeLessThan(60_000);
});
