import { describe, expect, it } from 'vitest';
import { domainOf, type Era, isHistory, nextSpan, SPANS, spanFor, windowOf } from './choice';
import { DAY, HOUR, Zone } from './zone';

const now = Date.parse('2026-11-23T16:30:20+08:00');
const running: Era = {
  monthDay: 19,
  zone: new Zone('Asia/Shanghai'),
  now,
  range: { from: now - 400 * DAY, to: now - 5000 },
};
const old: Era = {
  monthDay: 1,
  zone: new Zone('America/New_York'),
  now,
  range: { from: Date.parse('2011-07-01T04:00:00Z'), to: Date.parse('2012-01-01T04:59:00Z') },
};

describe('a preset', () => {
  it('starts today at local midnight and stays open', () => {
    expect(windowOf({ preset: 'today' }, running)).toEqual({
      from: Date.parse('2026-11-23T00:00:00+08:00'),
      to: null,
    });
  });

  it('counts back from the clock while the city runs', () => {
    const { from } = windowOf({ preset: '24h' }, running);
    expect(now - (from ?? 0)).toBeGreaterThanOrEqual(DAY);
    expect(now - (from ?? 0)).toBeLessThan(DAY + 5 * 60_000);
  });

  it.each(['24h', '7d', '30d'] as const)('moves in steps: two readers of %s ask the same', preset => {
    const later = { ...running, now: now + 20_000 };
    expect(windowOf({ preset }, later)).toEqual(windowOf({ preset }, running));
  });

  it('begins the month of assessment on its day, and keeps the one before whole', () => {
    const at = (text: string) => ({ ...running, now: Date.parse(text) });
    const start = (text: string) => Date.parse(`${text}T00:00:00+08:00`);
    const late = at('2026-11-23T16:30:20+08:00');
    expect(windowOf({ preset: 'month' }, late)).toEqual({ from: start('2026-11-19'), to: null });
    expect(windowOf({ preset: 'lastMonth' }, late)).toEqual({
      from: start('2026-10-19'),
      to: start('2026-11-19'),
    });
    const early = at('2026-01-18T23:59:59+08:00');
    expect(windowOf({ preset: 'month' }, early).from).toBe(start('2025-12-19'));
    expect(windowOf({ preset: 'lastMonth' }, early)).toEqual({
      from: start('2025-11-19'),
      to: start('2025-12-19'),
    });
    // In a city whose data ended long ago, by its end; the first day is the calendar's.
    expect(windowOf({ preset: 'month' }, old).from).toBe(Date.parse('2011-12-01T00:00:00-05:00'));
  });

  it('counts back from the end of data that ended long ago', () => {
    expect(isHistory(old)).toBe(true);
    expect(windowOf({ preset: 'today' }, old).from).toBe(Date.parse('2011-12-31T00:00:00-05:00'));
  });

  it('means everything when it is "all"', () => {
    expect(windowOf({ preset: 'all' }, running)).toEqual({ from: null, to: null });
  });
});

describe('a histogram', () => {
  it.each(SPANS)('of %s holds the latest moment and has whole bins, not too many', span => {
    for (const era of [running, old]) {
      const { from, to, bin } = domainOf(span, era);
      expect(to).toBeGreaterThan(Math.min(era.now, era.range?.to ?? era.now));
      expect(era.zone.floor(from, bin)).toBe(from);
      expect(era.zone.floor(to, bin)).toBe(to);
      const length = { hour: HOUR, day: DAY, week: 7 * DAY, month: 30 * DAY }[bin];
      expect((to - from) / length).toBeLessThan(510);
    }
  });

  it('covers a window that was chosen by hand', () => {
    for (const days of [1, 5, 20, 100, 300]) {
      const choice = { from: now - days * DAY, to: now };
      expect(domainOf(spanFor(choice, running), running).from).toBeLessThanOrEqual(choice.from);
    }
  });

  it('works for a city without any data', () => {
    const { from, to } = domainOf('all', { ...running, range: null });
    expect(to - from).toBeGreaterThan(6 * DAY);
  });

  it('leaves out the time before the first record', () => {
    const young = { ...running, range: { from: now - 40 * DAY, to: now } };
    const { from } = domainOf('180d', young);
    expect(from).toBeLessThanOrEqual(now - 40 * DAY);
    expect(from).toBeGreaterThan(now - 42 * DAY);
  });

  it('widens step by step up to all', () => {
    expect(nextSpan('2d', 1)).toBe('7d');
    expect(nextSpan('all', 1)).toBeNull();
    expect(nextSpan('2d', -1)).toBeNull();
  });
});
