import type { Domain } from '../time/choice';
import { DAY, HOUR, type Instant, type Zone } from '../time/zone';

export interface Tick {
  at: Instant;
  label: string;
  /** The start of a larger unit: a day among hours, a month among days, a year among months. */
  strong: boolean;
}

/** Room that a label needs, in pixels. */
const LABEL_PIXELS = 64;

interface Rhythm {
  /** Mean length between two ticks. */
  length: number;
  next(at: Instant, zone: Zone): Instant;
  first(at: Instant, zone: Zone): Instant;
  strong(at: Instant, zone: Zone): boolean;
  plain: Intl.DateTimeFormatOptions;
  bold: Intl.DateTimeFormatOptions;
}

const DAY_LABEL = { month: 'short', day: 'numeric' } as const;
const MONTH_LABEL = { year: 'numeric', month: 'short' } as const;
const isMidnight = (at: Instant, zone: Zone) => zone.wall(at).hour === 0;
const isFirst = (at: Instant, zone: Zone) => zone.wall(at).day === 1;
const isNewYear = (at: Instant, zone: Zone) => zone.wall(at).month === 1 && isFirst(at, zone);

function hours(count: number): Rhythm {
  return {
    length: count * HOUR,
    first: (at, zone) => zone.floor(at, 'day'),
    next: (at, zone) => {
      const wall = zone.wall(at);
      return zone.instant(wall.year, wall.month, wall.day, (Math.floor(wall.hour / count) + 1) * count);
    },
    strong: isMidnight,
    plain: { hour: '2-digit', minute: '2-digit' },
    bold: DAY_LABEL,
  };
}

function days(count: number): Rhythm {
  return {
    length: count * DAY,
    first: (at, zone) => zone.floor(at, 'day'),
    next: (at, zone) => zone.addDays(at, count),
    strong: isFirst,
    plain: DAY_LABEL,
    bold: MONTH_LABEL,
  };
}

function months(count: number): Rhythm {
  return {
    length: count * 30.4 * DAY,
    first: (at, zone) => zone.instant(zone.wall(at).year, 1, 1),
    next: (at, zone) => zone.floor(at, 'month', count),
    strong: isNewYear,
    plain: { month: 'short' },
    bold: { year: 'numeric' },
  };
}

const RHYTHMS = [
  hours(3),
  hours(6),
  hours(12),
  days(1),
  days(2),
  days(7),
  days(14),
  months(1),
  months(3),
  months(12),
];

/** Where the time axis is labelled: the finest calendar rhythm whose labels have room. */
export function ticks(domain: Domain, zone: Zone, locale: string, width: number): Tick[] {
  const length = domain.to - domain.from;
  const fits = (rhythm: Rhythm) => (width * rhythm.length) / length >= LABEL_PIXELS;
  const rhythm = RHYTHMS.find(fits) ?? months(12 * Math.ceil(length / (DAY * 365 * (width / LABEL_PIXELS))));
  const plain = zone.format(locale, rhythm.plain);
  const bold = zone.format(locale, rhythm.bold);
  const found: Tick[] = [];
  for (let at = rhythm.first(domain.from, zone); at < domain.to; at = rhythm.next(at, zone)) {
    if (at < domain.from) continue;
    const strong = rhythm.strong(at, zone);
    found.push({ at, strong, label: (strong ? bold : plain).format(at) });
  }
  return found;
}
