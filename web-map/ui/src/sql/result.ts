import { parseInstant } from '../analysis/run';
import type { City, SqlAnswer } from '../api/wire';
import { lineChart } from '../charts/line-chart';
import { h } from '../dom';
import type { Overlay } from '../map/overlay';
import { spread } from '../map/palette';
import { classOf, scaleFor } from '../map/scale';
import { bars } from '../panels/bars';
import type { Texts } from '../texts';
import type { Zone } from '../time/zone';

const ROWS = 500;
const BARS = 40;

/** What a column of an answer is good for. */
export type Kind = 'number' | 'time' | 'text';

export function kindOf(type: string): Kind {
  if (/^(Timestamp|Date)/.test(type)) return 'time';
  return /^(U?Int|Float|Decimal)/.test(type) ? 'number' : 'text';
}

export type Value = string | number | boolean | null | object | undefined;

/** A value as it is read: numbers short, times in the city's zone where they carry one, nothing as a dash. */
export function shown(value: Value, type: string, texts: Texts): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'number')
    return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
  if (kindOf(type) === 'time') {
    const text = String(value);
    // Without a zone it is the city's wall clock already.
    if (!/Z|[+-]\d\d:?\d\d$/.test(text)) return text.replace('T', ' ').replace(/:00(\.0+)?$/, '');
    return texts.dateTime(Date.parse(text));
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The rows as a table: the first of them, numbers to the right. */
export function resultTable(answer: SqlAnswer, texts: Texts): HTMLElement {
  const { schema, rows } = answer;
  if (rows.length === 0) return h('p', { class: 'muted pad' }, texts.t('sql.nothing'));
  const numeric = schema.map(({ type }) => kindOf(type) === 'number');
  return h(
    'div',
    { class: 'result-table', tabindex: 0, role: 'region', 'aria-label': texts.t('sql.table') },
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          ...schema.map(({ name, type }, i) =>
            h('th', { scope: 'col', class: numeric[i] ? 'number' : '', title: type }, name),
          ),
        ),
      ),
      h(
        'tbody',
        {},
        ...rows
          .slice(0, ROWS)
          .map(row =>
            h(
              'tr',
              {},
              ...schema.map(({ name, type }, i) =>
                h('td', { class: numeric[i] ? 'number' : '' }, shown(row[name] as Value, type, texts)),
              ),
            ),
          ),
      ),
    ),
    rows.length > ROWS && h('p', { class: 'muted pad' }, texts.t('sql.first', { n: texts.whole(ROWS) })),
  );
}

/** Columns of numbers over one of times or numbers as lines, over one of names as bars; null where neither fits. */
export function resultChart(answer: SqlAnswer, zone: Zone, texts: Texts): HTMLElement | null {
  const { schema, rows } = answer;
  const time = schema.find(({ type }) => kindOf(type) === 'time');
  const numbers = schema.filter(({ type }) => kindOf(type) === 'number');
  const name = schema.find(({ type }) => kindOf(type) === 'text');
  const across = time ?? (name ? undefined : numbers[0]);
  const measured = numbers.filter(column => column !== across).slice(0, 4);
  if (rows.length === 0 || measured.length === 0) return null;
  if (across) {
    const at = (value: unknown) => (time ? wallOrInstant(String(value), zone) : Number(value));
    const ordered = rows
      .filter(row => row[across.name] !== null && row[across.name] !== undefined)
      .sort((a, b) => at(a[across.name]) - at(b[across.name]));
    const colours = spread(Math.max(measured.length, 2)).reverse();
    return lineChart(
      {
        x: ordered.map(row => at(row[across.name])),
        isTime: time !== undefined,
        height: 300,
        label: measured.map(column => column.name).join(', '),
        lines: measured.map((column, i) => ({
          label: column.name,
          colour: measured.length === 1 ? '#5fd0e6' : (colours[i] ?? '#5fd0e6'),
          bars: measured.length === 1 && ordered.length <= 120,
          values: ordered.map(row =>
            typeof row[column.name] === 'number' ? Number(row[column.name]) : null,
          ),
        })),
      },
      zone,
      texts,
    );
  }
  const [value] = measured;
  if (!name || !value) return null;
  return bars(
    rows.slice(0, BARS).map(row => ({
      label: shown(row[name.name] as Value, name.type, texts),
      value: Number(row[value.name] ?? 0),
    })),
    one => texts.rate(one),
  );
}

/** A time with a zone is an instant; one without is the city's wall clock. */
function wallOrInstant(text: string, zone: Zone): number {
  if (/Z|[+-]\d\d:?\d\d$/.test(text)) return parseInstant(text);
  const wall = new Date(`${text.slice(0, 19)}${text.length > 10 ? '' : 'T00:00:00'}Z`);
  return zone.instant(
    wall.getUTCFullYear(),
    wall.getUTCMonth() + 1,
    wall.getUTCDate(),
    wall.getUTCHours(),
    wall.getUTCMinutes(),
    wall.getUTCSeconds(),
  );
}

export interface Mapped {
  overlay: Overlay;
  column: string;
  places: number;
}

/** Rows with a cell, an area or a position as something to draw, coloured by the first column of numbers. */
export function resultMap(answer: SqlAnswer, city: City, title: string, texts: Texts): Mapped | null {
  const { schema, rows } = answer;
  const has = (name: string) => schema.some(column => column.name === name);
  const sample = rows.find(row => row !== null);
  if (!sample) return null;
  const isCell = (value: unknown) => /^8[0-9a-f]{14}$/.test(String(value));
  const cell = schema.find(({ name }) => rows.some(row => isCell(row[name])))?.name;
  const level = [...city.levels].reverse().find(one => has(one.level))?.level;
  const point = has('lon') && has('lat');
  if (!cell && !level && !point) return null;
  const positional = new Set(['lon', 'lat', cell, level]);
  const value = schema.find(({ name, type }) => kindOf(type) === 'number' && !positional.has(name))?.name;
  const numbers = rows.map(row => (value ? Number(row[value] ?? Number.NaN) : 1));
  const scale = scaleFor(numbers.filter(Number.isFinite), 'quantile', 5);
  const colour = (row: (typeof rows)[number]) =>
    value ? (scale.colours[Math.max(0, classOf(scale, Number(row[value])))] ?? '#8fa6bd') : '#fc8d59';
  const text = (row: (typeof rows)[number]) =>
    schema
      .slice(0, 5)
      .map(({ name, type }) => `${name}: ${shown(row[name] as Value, type, texts)}`)
      .join(' · ');
  const overlay: Overlay = {
    title: value ? `${title} · ${value}` : title,
    cells: cell
      ? rows
          .filter(row => isCell(row[cell]))
          .map(row => ({ cell: String(row[cell]), colour: colour(row), text: text(row) }))
      : [],
    areas:
      !cell && level
        ? rows
            .filter(row => row[level])
            .map(row => ({ level, id: String(row[level]), colour: colour(row), text: text(row) }))
        : [],
    points:
      !cell && !level && point
        ? rows
            .filter(row => typeof row.lon === 'number' && typeof row.lat === 'number')
            .map(row => ({
              lon: Number(row.lon),
              lat: Number(row.lat),
              colour: colour(row),
              text: text(row),
            }))
        : [],
    legend: value
      ? scale.breaks.map((bound, i) => ({
          colour: scale.colours[i] ?? '',
          label: `≥ ${texts.rate(bound)}`,
          count: numbers.filter(one => classOf(scale, one) === i).length,
        }))
      : [],
  };
  const places = overlay.cells.length + overlay.areas.length + overlay.points.length;
  return places > 0 ? { overlay, column: value ?? cell ?? level ?? 'lon, lat', places } : null;
}
