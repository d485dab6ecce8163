import { describe, expect, it } from 'vitest';
import { DAY, HOUR, Zone } from './zone';

const shanghai = new Zone('Asia/Shanghai');
const boston = new Zone('America/New_York');

describe('a zone', () => {
  it('starts the day at local midnight', () => {
    const noon = Date.parse('2026-11-23T04:00:00Z');
    expect(shanghai.floor(noon, 'day')).toBe(Date.parse('2026-11-23T00:00:00+08:00'));
    expect(boston.floor(noon, 'day')).toBe(Date.parse('2026-11-22T00:00:00-05:00'));
  });

  it('starts the week on Monday', () => {
    const sunday = Date.parse('2026-11-22T12:00:00+08:00');
    expect(shanghai.floor(sunday, 'week')).toBe(Date.parse('2026-11-16T00:00:00+08:00'));
    expect(shanghai.floor(sunday, 'week', 1)).toBe(Date.parse('2026-11-23T00:00:00+08:00'));
  });

  it('gives days of 23 and 25 hours where clocks change', () => {
    const spring = Date.parse('2026-03-08T12:00:00-04:00');
    const autumn = Date.parse('2026-11-01T12:00:00-05:00');
    expect(boston.floor(spring, 'day', 1) - boston.floor(spring, 'day')).toBe(23 * HOUR);
    expect(boston.floor(autumn, 'day', 1) - boston.floor(autumn, 'day')).toBe(25 * HOUR);
  });

  it('carries months over the year', () => {
    const november = Date.parse('2026-11-23T00:00:00+08:00');
    expect(shanghai.floor(november, 'month', 2)).toBe(Date.parse('2027-01-01T00:00:00+08:00'));
  });

  it('goes from wall to instant and back for every hour of a year with clock changes', () => {
    for (let at = Date.parse('2026-01-01T05:00:00Z'); at < Date.parse('2027-01-01T05:00:00Z'); at += HOUR) {
      const w = boston.wall(at);
      const back = boston.instant(w.year, w.month, w.day, w.hour, w.minute, w.second);
      // The repeated hour of autumn has two instants for one wall time; the first is given.
      expect(at - back === 0 || at - back === HOUR).toBe(true);
      expect(boston.wall(back)).toEqual(w);
    }
  });

  it('adds days by the wall clock', () => {
    const before = Date.parse('2026-03-07T09:30:00-05:00');
    expect(boston.addDays(before, 1) - before).toBe(DAY - HOUR);
  });
});
