import { svg } from '../dom';
import type { Texts } from '../texts';
import type { Zone } from '../time/zone';
import { shade } from './ring-clock';

const CELL = 11;
const GAP = 2;
const LEFT = 22;
const TOP = 16;
/** Weeks that are shown at most: the last ones. */
const WEEKS = 26;

/** One square for each day, weeks from left to right, Monday at the top. */
export function calendarHeat(
  series: readonly (readonly [start: string, value: number])[],
  zone: Zone,
  texts: Texts,
  label: string,
): SVGSVGElement {
  const month = zone.format(texts.locale, { month: 'short' });
  const days = new Map<string, { at: number; value: number; month: number; weekday: number }>();
  for (const [start, value] of series) {
    const at = Date.parse(start);
    const wall = zone.wall(at);
    const key = `${wall.year}-${wall.month}-${wall.day}`;
    const known = days.get(key);
    if (known) known.value += value;
    else {
      const weekday = (new Date(Date.UTC(wall.year, wall.month - 1, wall.day)).getUTCDay() + 6) % 7;
      days.set(key, { at, value, month: wall.month, weekday });
    }
  }
  const all = [...days.values()].slice(-7 * WEEKS);
  const most = Math.max(1, ...all.map(({ value }) => value));
  let week = 0;
  let lastMonth = 0;
  let labelled = -4;
  const parts: SVGElement[] = [];
  for (const [i, day] of all.entries()) {
    if (i > 0 && day.weekday === 0) week++;
    const x = LEFT + week * (CELL + GAP);
    const y = TOP + day.weekday * (CELL + GAP);
    parts.push(
      svg(
        'rect',
        {
          x,
          y,
          width: CELL,
          height: CELL,
          rx: 2,
          fill: day.value > 0 ? shade((day.value / most) * 0.999) : '#1a222c',
        },
        svg('title', {}, `${texts.date(day.at)} · ${texts.whole(day.value)}`),
      ),
    );
    if (day.month !== lastMonth) {
      // A label that would touch the one before says nothing.
      if (week - labelled >= 3) {
        parts.push(svg('text', { x, y: TOP - 5 }, month.format(day.at)));
        labelled = week;
      }
      lastMonth = day.month;
    }
  }
  const names = new Intl.DateTimeFormat(texts.locale, { weekday: 'narrow', timeZone: 'UTC' });
  for (const weekday of [0, 2, 4]) {
    const y = TOP + weekday * (CELL + GAP) + CELL - 1;
    parts.push(svg('text', { x: 0, y }, names.format(Date.UTC(2024, 0, 1 + weekday))));
  }
  const width = LEFT + (week + 1) * (CELL + GAP);
  return svg(
    'svg',
    {
      viewBox: `0 0 ${Math.max(width, 160)} ${TOP + 7 * (CELL + GAP)}`,
      class: 'calendar-heat',
      role: 'img',
      'aria-label': label,
    },
    ...parts,
  );
}
