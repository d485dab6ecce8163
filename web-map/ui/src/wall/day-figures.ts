import { api } from '../api/client';
import { EVERYTHING, query } from '../api/filter';
import type { Freshness } from '../api/wire';
import { DAY, type Instant, type Zone } from '../time/zone';

/** Today beside other days, each up to the same time of day; null where that day has no record. */
export interface DayFigures {
  yesterday: number | null;
  lastWeek: number | null;
  /** Expected for the whole of today. */
  expected: number | null;
}

/** Counts the same hours of yesterday and of the weekday last week, and asks what the day is expected to bring. */
export async function dayFigures(now: Instant, zone: Zone, largest: string): Promise<DayFigures> {
  const until = (days: number) => {
    const at = zone.addDays(now, -days);
    return api
      .series(query(EVERYTHING, { from: zone.floor(at, 'day'), to: at }, { bin: 'day' }))
      .then(({ total }) => (total > 0 ? total : null))
      .catch(() => null);
  };
  const today = zone.floor(now, 'day');
  const history = query(
    EVERYTHING,
    { from: zone.floor(now - 120 * DAY, 'day'), to: today },
    { by: largest, horizon: 1 },
  );
  const expected = api
    .analysis('/v1/forecast', history)
    .then(({ rows }) =>
      rows.length > 0 ? rows.reduce((sum, row) => sum + Number(row.expected ?? 0), 0) : null,
    )
    .catch(() => null);
  const [yesterday, lastWeek, whole] = await Promise.all([until(1), until(7), expected]);
  return { yesterday, lastWeek, expected: whole };
}

export interface Topic {
  name: string;
  now: number;
  /** Mean of the same hours of the seven days before. */
  usual: number;
}

const LEAST = 12;
const RISING = 1.3;

/** Categories of the last 24 hours that are clearly more than a day's mean of the week before, the steepest first. */
export async function risingTopics(now: Instant): Promise<Topic[]> {
  const count = (from: Instant, to: Instant) =>
    api.breakdown(query(EVERYTHING, { from, to }, { by: 'category', limit: 400 }));
  const [today, week] = await Promise.all([count(now - DAY, now), count(now - 8 * DAY, now - DAY)]);
  const before = new Map(week.groups.map(({ key, value }) => [key, value / 7]));
  // When everything rises, a topic rises only as far as it rises more.
  const whole = week.total > 0 ? Math.max(1, today.total / (week.total / 7)) : 1;
  return today.groups
    .flatMap(({ key, value }) =>
      key === null ? [] : [{ name: key, now: value, usual: (before.get(key) ?? 0) * whole }],
    )
    .filter(({ now: count, usual }) => count >= LEAST && count > usual * RISING)
    .sort((a, b) => (b.now - b.usual) / Math.sqrt(b.usual + 1) - (a.now - a.usual) / Math.sqrt(a.usual + 1))
    .slice(0, 5);
}

export interface Feed {
  source: string;
  receivedAt: Instant;
}

const FEEDS_SHOWN = 5;

/** The feeds that were heard last, and when. */
export function feedsOf({ feeds }: Freshness): Feed[] {
  return feeds
    .map(({ source, received_at }) => ({ source, receivedAt: Date.parse(received_at) }))
    .sort((one, other) => other.receivedAt - one.receivedAt)
    .slice(0, FEEDS_SHOWN);
}
