import type { Window } from '../api/filter';
import type { Bin } from '../api/wire';
import { DAY, HOUR, type Instant, MINUTE, type Zone } from './zone';

export const PRESETS = ['today', '24h', '7d', '30d', 'month', 'lastMonth', 'all'] as const;
export type Preset = (typeof PRESETS)[number];

/** What the reader chose: a window that follows the clock, or one that stands still. */
export type TimeChoice = { preset: Preset } | { from: Instant; to: Instant | null };

/** How much time the histogram spans. */
export const SPANS = ['2d', '7d', '30d', '180d', '2y', 'all'] as const;
export type Span = (typeof SPANS)[number];

const SPAN_DAYS: Record<Exclude<Span, 'all'>, number> = {
  '2d': 2,
  '7d': 7,
  '30d': 30,
  '180d': 180,
  '2y': 730,
};

/** The time that a city's data covers, and now; `range` is null while there is no data. */
export interface Era {
  /** The day on which a month of assessment begins, 1 to 28. */
  monthDay: number;
  zone: Zone;
  now: Instant;
  range: { from: Instant; to: Instant } | null;
}

/** A city whose last record is older than this is history: presets count back from its end. */
const HISTORY_AFTER = 30 * DAY;

/** Where "now" is for the presets: the clock, or the end of the data in a city of old data. */
export function latest(era: Era): Instant {
  const end = era.range?.to;
  return end !== undefined && end < era.now - HISTORY_AFTER ? end + 1000 : era.now;
}

/** True when the city's data ended long ago. */
export function isHistory(era: Era): boolean {
  return latest(era) !== era.now;
}

/** The window that a choice means at this moment. Presets are open towards the future. */
export function windowOf(choice: TimeChoice, era: Era): Window {
  if ('from' in choice) return { from: choice.from, to: choice.to };
  const end = latest(era);
  switch (choice.preset) {
    case 'today':
      return { from: era.zone.floor(end, 'day'), to: null };
    case '24h':
      return { from: rolling(end - DAY, 5 * MINUTE), to: null };
    case '7d':
      return { from: rolling(era.zone.addDays(end, -7), 30 * MINUTE), to: null };
    case '30d':
      return { from: rolling(era.zone.addDays(end, -30), 2 * HOUR), to: null };
    case 'month':
      return { from: monthStart(end, era), to: null };
    case 'lastMonth': {
      const to = monthStart(end, era);
      return { from: monthStart(to - 1, era), to };
    }
    case 'all':
      return { from: null, to: null };
  }
}

/** Local midnight of the day on which the month of assessment that holds the instant began. */
function monthStart(at: Instant, { zone, monthDay }: Era): Instant {
  const { year, month, day } = zone.wall(at);
  return zone.instant(year, day >= monthDay ? month : month - 1, monthDay);
}

/** A rolling window moves in steps, the same for all readers, so that the server counts once for all of them. */
function rolling(from: Instant, step: number): Instant {
  return Math.floor(from / step) * step;
}

/** The histogram that suits a choice when the reader has not set one. */
export function spanFor(choice: TimeChoice, era: Era): Span {
  if ('preset' in choice) {
    const spans: Record<Preset, Span> = {
      today: '2d',
      '24h': '7d',
      '7d': '30d',
      '30d': '180d',
      month: '180d',
      lastMonth: '180d',
      all: 'all',
    };
    return spans[choice.preset];
  }
  const days = (latest(era) - choice.from) / DAY;
  return SPANS.find(span => span === 'all' || SPAN_DAYS[span] >= days) ?? 'all';
}

/** What the histogram covers, whole bins; its end is after the last record and after now. */
export interface Domain {
  from: Instant;
  to: Instant;
  bin: Bin;
}

/** The histogram's extent and its bins: 50 to 500 of them. */
export function domainOf(span: Span, era: Era): Domain {
  const end = latest(era);
  const first = era.range ? Math.min(era.range.from, end - HOUR) : end - 7 * DAY;
  const back = (days: number) => era.zone.addDays(end, -days);
  // Time before the first record would only be empty; two days are shown at least.
  const from = span === 'all' ? first : Math.min(Math.max(first, back(SPAN_DAYS[span])), back(2));
  const bin = binFor(end - from);
  return { from: era.zone.floor(from, bin), to: era.zone.floor(end, bin, 1), bin };
}

function binFor(length: number): Bin {
  if (length <= 15 * DAY) return 'hour';
  if (length <= 500 * DAY) return 'day';
  return length <= 3000 * DAY ? 'week' : 'month';
}

/** The next wider or narrower histogram, `null` at the ends. */
export function nextSpan(span: Span, step: 1 | -1): Span | null {
  return SPANS[SPANS.indexOf(span) + step] ?? null;
}
