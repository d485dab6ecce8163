/**
 * Hours of the city's week as the API writes them, `DAYS:HOURS`: days from 1 (Monday) to 7, hours from 0 to 23, each a list of
 * numbers and spans with both ends included.
 */
export type WeekHours = string;

const DAYS = 7;
const HOURS = 24;

/** A rectangle of the week: days from 0 (Monday) to 6, hours from 0 to 23, both ends included. */
export interface WeekBox {
  days: [first: number, last: number];
  hours: [first: number, last: number];
}

/** The rectangle as the API writes it. */
export function weekOf({ days, hours }: WeekBox): WeekHours {
  const span = (first: number, last: number) => (first === last ? `${first}` : `${first}-${last}`);
  return `${span(days[0] + 1, days[1] + 1)}:${span(hours[0], hours[1])}`;
}

/** The rectangle around two corners, whichever way they lie. */
export function boxOf(
  one: readonly [day: number, hour: number],
  other: readonly [day: number, hour: number],
): WeekBox {
  const sorted = (a: number, b: number): [number, number] => (a < b ? [a, b] : [b, a]);
  return { days: sorted(one[0], other[0]), hours: sorted(one[1], other[1]) };
}

/** Days (0 = Monday) and hours that a text means; null when it is none. */
export function readWeek(text: WeekHours): { days: number[]; hours: number[] } | null {
  const [days, hours, more] = text.split(':');
  if (days === undefined || hours === undefined || more !== undefined) return null;
  const listed = (list: string, least: number, most: number): number[] | null => {
    const found = new Set<number>();
    for (const part of list.split(',')) {
      const match = /^(\d{1,2})(?:-(\d{1,2}))?$/.exec(part);
      const [first, last] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
      if (!match || first < least || last > most || first > last) return null;
      for (let at = first; at <= last; at++) found.add(at);
    }
    return [...found].sort((a, b) => a - b);
  };
  const [read, at] = [listed(days, 1, DAYS), listed(hours, 0, HOURS - 1)];
  return read && at ? { days: read.map(day => day - 1), hours: at } : null;
}

/** Does an hour of the week lie in one of the texts? Without any, every hour does. */
export function inWeek(week: readonly WeekHours[], day: number, hour: number): boolean {
  if (week.length === 0) return true;
  return week.some(text => {
    const read = readWeek(text);
    return read?.days.includes(day) === true && read.hours.includes(hour);
  });
}

/** The hours as people say them: `Mon–Fri 7:00–10:00`. */
export function weekText(text: WeekHours, locale: string): string {
  const read = readWeek(text);
  if (!read) return text;
  const format = new Intl.DateTimeFormat(locale, { weekday: 'short', timeZone: 'UTC' });
  // 1 January 2024 was a Monday.
  const day = (at: number) => format.format(Date.UTC(2024, 0, 1 + at));
  const days = runs(read.days).map(([first, last]) =>
    first === last ? day(first) : `${day(first)}–${day(last)}`,
  );
  const hours = runs(read.hours).map(([first, last]) => `${first}:00–${last + 1}:00`);
  return `${days.join(', ')} ${hours.join(', ')}`;
}

/** Neighbouring numbers joined. */
function runs(numbers: readonly number[]): [first: number, last: number][] {
  const found: [number, number][] = [];
  for (const at of numbers) {
    const last = found.at(-1);
    if (last && last[1] === at - 1) last[1] = at;
    else found.push([at, at]);
  }
  return found;
}

/** The hours as an SQL condition over an instant's column. */
export function weekCondition(week: readonly WeekHours[], column: string): string {
  const one = ({ days, hours }: { days: number[]; hours: number[] }) =>
    // In SQL Sunday is 0.
    `date_part('dow', local(${column})) IN (${days.map(day => (day + 1) % 7).join(', ')}) AND date_part('hour', local(${column})) IN (${hours.join(', ')})`;
  return `(${week
    .flatMap(text => readWeek(text) ?? [])
    .map(one)
    .join(' OR ')})`;
}
