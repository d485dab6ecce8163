import { expect, it } from 'vitest';
import { domainOf, SPANS } from '../time/choice';
import { DAY, Zone } from '../time/zone';
import { ticks } from './ticks';

const zone = new Zone('America/New_York');
const now = Date.parse('2026-11-23T16:30:00-05:00');

it.each(SPANS)('labels a histogram of %s at local midnights or hours, with room for each label', span => {
  for (const width of [600, 1400, 2400]) {
    const domain = domainOf(span, { zone, now, monthDay: 1, range: { from: now - 3000 * DAY, to: now } });
    const found = ticks(domain, zone, 'en-GB', width);
    expect(found.length).toBeGreaterThan(3);
    const pixels = (at: number) => ((at - domain.from) / (domain.to - domain.from)) * width;
    for (const [i, { at }] of found.entries()) {
      expect(zone.floor(at, 'hour')).toBe(at);
      const before = found[i - 1];
      if (before) expect(pixels(at) - pixels(before.at)).toBeGreaterThan(54);
    }
  }
});
