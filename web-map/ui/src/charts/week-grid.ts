import { h } from '../dom';
import type { Texts } from '../texts';
import type { Zone } from '../time/zone';
import { shade } from './ring-clock';

/** Counts by weekday from Monday and hour: 7 rows of 24. */
export type Rhythm = number[][];

/** Folds an hourly series into weekdays and hours of the city's own clock. */
export function fold(series: readonly (readonly [start: string, value: number])[], zone: Zone): Rhythm {
  const rhythm: Rhythm = Array.from({ length: 7 }, () => new Array<number>(24).fill(0));
  for (const [start, value] of series) {
    if (value === 0) continue;
    const { year, month, day, hour } = zone.wall(Date.parse(start));
    const weekday = (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7;
    const row = rhythm[weekday];
    if (row) row[hour] = (row[hour] ?? 0) + value;
  }
  return rhythm;
}

/** Sums over the week: 24 values. */
export function byHour(rhythm: Rhythm): number[] {
  return Array.from({ length: 24 }, (_, hour) => rhythm.reduce((sum, row) => sum + (row[hour] ?? 0), 0));
}

/** Names of the days from Monday, as short as the language has them. */
export function weekdays(texts: Texts): string[] {
  // 1 January 2024 was a Monday.
  const format = new Intl.DateTimeFormat(texts.locale, { weekday: 'short', timeZone: 'UTC' });
  return Array.from({ length: 7 }, (_, i) => format.format(Date.UTC(2024, 0, 1 + i)));
}

/** When it happens in the week: a table of seven days and 24 hours, the stronger the brighter. */
export function weekGrid(rhythm: Rhythm, texts: Texts, label: string): HTMLElement {
  const most = Math.max(1, ...rhythm.flat());
  const names = weekdays(texts);
  const cells = rhythm.map((row, day) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, names[day]),
      ...row.map((value, hour) =>
        h('td', {
          style: `background:${value > 0 ? shade((value / most) * 0.999) : 'transparent'}`,
          title: `${names[day]} ${hour}:00 · ${texts.whole(value)}`,
        }),
      ),
    ),
  );
  const hours = Array.from({ length: 24 }, (_, hour) =>
    h('th', { scope: 'col', class: hour % 6 === 0 ? 'said' : '' }, hour % 6 === 0 ? String(hour) : ''),
  );
  return h(
    'table',
    { class: 'week-grid' },
    h('caption', { class: 'offscreen' }, label),
    h('tbody', {}, ...cells),
    h('tfoot', {}, h('tr', {}, h('td'), ...hours)),
  );
}
