import { describe, expect, it } from 'vitest';
import { Texts } from './texts';
import { DAY, HOUR, MINUTE, Zone } from './time/zone';

const texts = new Texts('en', new Zone('Asia/Shanghai'));

describe('texts', () => {
  it('tells how long ago in the largest unit that says enough', () => {
    expect(texts.ago(300)).toBe('just now');
    expect(texts.ago(2400)).toBe('2 s ago');
    expect(texts.ago(3 * MINUTE)).toBe('3 min ago');
    expect(texts.ago(5 * HOUR)).toBe('5 h ago');
    expect(texts.ago(9 * DAY)).toBe('9 d ago');
  });

  it('writes dates in the zone of the city, not of the reader', () => {
    const evening = Date.parse('2026-11-22T20:30:00Z');
    expect(texts.dateTime(evening)).toBe('23 Nov 2026, 04:30');
  });

  it('writes rates with three digits, and shares only of something', () => {
    expect(texts.rate(0.012345)).toBe('0.0123');
    expect(texts.rate(12_345.6)).toBe('12,346');
    expect(texts.percent(1, 8)).toBe('13%');
    expect(texts.percent(0, 0)).toBe('–');
  });
});
