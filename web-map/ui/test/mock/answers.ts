import { cellToParent, getResolution } from 'h3-js';
import { inWeek } from '../../src/api/week.ts';
import { Zone } from '../../src/time/zone.ts';
import { BASE_RESOLUTION, type MockCity, type MockComplaint } from './complaints.ts';

export const ZONE = new Zone('Asia/Shanghai');
export const BOUNDARY_VERSION = 'mock-1';

/** A question that the mock refuses, as problem details would say it. */
export class Refused extends Error {}

const FILTER = ['from', 'to', 'category', 'channel', 'status', 'urgency', 'area', 'cell', 'bbox', 'week'];

/** The complaints that a query string asks for. */
export function select(city: MockCity, params: URLSearchParams, also: string[]): MockComplaint[] {
  for (const name of params.keys()) {
    if (![...FILTER, ...also].includes(name)) throw new Refused(`unknown parameter "${name}"`);
  }
  const matches = matcher(params);
  return city.complaints.filter(matches);
}

/** Whether one complaint is asked for. */
export function matcher(params: URLSearchParams): (complaint: MockComplaint) => boolean {
  const from = instant(params.get('from'), -Infinity);
  const to = instant(params.get('to'), Infinity);
  const categories = params.getAll('category');
  const channels = params.getAll('channel');
  const statuses = params.getAll('status');
  const urgencies = params.getAll('urgency');
  const [level, id] = (params.get('area') ?? '').split(':');
  const cell = params.get('cell');
  const week = params.getAll('week');
  return complaint =>
    complaint.requested >= from &&
    complaint.requested < to &&
    (categories.length === 0 || categories.some(category => inCategory(complaint, category))) &&
    (channels.length === 0 || channels.includes(complaint.channel ?? '')) &&
    (statuses.length === 0 || statuses.includes(complaint.status)) &&
    (urgencies.length === 0 || urgencies.includes(urgency(complaint))) &&
    (!level || complaint.areas[level] === id) &&
    (week.length === 0 || isAt(complaint.requested, week)) &&
    (!cell || (complaint.cell !== null && cellToParent(complaint.cell, getResolution(cell)) === cell));
}

/** Some are urgent; which, hangs on the id alone. */
function urgency({ id }: MockComplaint): string {
  return id.endsWith('7') ? 'urgent' : 'ordinary';
}

function isAt(instant: number, week: string[]): boolean {
  const { year, month, day, hour } = ZONE.wall(instant);
  return inWeek(week, (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7, hour);
}

function inCategory({ category, category_path }: MockComplaint, wanted: string): boolean {
  return category === wanted || category_path === wanted || category_path.startsWith(`${wanted}->`);
}

function instant(text: string | null, otherwise: number): number {
  if (text === null) return otherwise;
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new Refused(`"${text}" is not an instant`);
  return at;
}

export function totals(complaints: MockComplaint[]) {
  const notLocated = complaints.filter(({ position }) => !position).length;
  const located = complaints.filter(({ areas }) => areas.district).length;
  return {
    total: complaints.length,
    located,
    area_only: 0,
    outside: complaints.length - located - notLocated,
    not_located: notLocated,
  };
}

export function cellCounts(complaints: MockComplaint[], resolution: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { cell } of complaints) {
    if (!cell) continue;
    const parent = resolution === BASE_RESOLUTION ? cell : cellToParent(cell, resolution);
    counts.set(parent, (counts.get(parent) ?? 0) + 1);
  }
  return counts;
}

/** Every GET of JSON by path. */
export const ANSWERS: Record<string, (city: MockCity, params: URLSearchParams) => unknown> = {
  '/v1/city': city => ({
    name: '兰河市',
    time_zone: ZONE.name,
    base_resolution: BASE_RESOLUTION,
    languages: ['zh', 'en'],
    bbox: city.bbox,
    boundary_version: BOUNDARY_VERSION,
    levels: [
      { level: 'district', names: { zh: '区', en: 'District' } },
      { level: 'subdistrict', names: { zh: '街道', en: 'Subdistrict' } },
      { level: 'community', names: { zh: '社区', en: 'Community' } },
    ].map(level => ({
      ...level,
      areas: city.areas.filter(area => area.level === level.level).length,
      tiles: `/tiles/areas-${level.level}`,
    })),
    aligned: { zoom_min: 22, tiles: '/tiles/aligned' },
    seq: city.seq,
    complaints: city.complaints.length,
    assessment_month_day: 19,
    basemap: null,
    range: range(city.complaints),
    server_time: new Date().toISOString(),
    version: '0.1.0',
  }),

  '/v1/cells': (city, params) => {
    const found = select(city, params, ['resolution', 'measure']);
    const resolution = Number(params.get('resolution') ?? 9);
    return {
      seq: city.seq,
      resolution,
      measure: params.get('measure') ?? 'count',
      cells: [...cellCounts(found, resolution)].map(([cell, value]) => [
        cell,
        params.get('measure') === 'per_km2' ? value / (0.105 * 7 ** (9 - resolution)) : value,
      ]),
      ...totals(found),
      boundary_version: BOUNDARY_VERSION,
    };
  },

  '/v1/areas': (city, params) => {
    const found = select(city, params, ['level', 'measure']);
    const level = params.get('level') ?? 'district';
    const counts = new Map<string, number>();
    for (const { areas } of found) {
      const id = areas[level];
      if (id) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    return {
      seq: city.seq,
      level,
      measure: 'count',
      areas: city.areas
        .filter(area => area.level === level)
        .map(({ id, name, parent, population, area_km2, label: [lon, lat] }) => ({
          id,
          name,
          names: {},
          parent,
          value: counts.get(id) ?? 0,
          records: counts.get(id) ?? 0,
          area_only: 0,
          population,
          area_km2,
          lon,
          lat,
        })),
      ...totals(found),
      boundary_version: BOUNDARY_VERSION,
    };
  },

  '/v1/series': (city, params) => {
    const found = select(city, params, ['bin']);
    const bin = params.get('bin') as 'hour' | 'day' | 'week' | 'month';
    const from = instant(params.get('from'), found[0]?.requested ?? Date.now());
    const to = instant(params.get('to'), Date.now());
    const starts: number[] = [];
    for (let at = ZONE.floor(from, bin); at < to; at = ZONE.floor(at, bin, 1)) starts.push(at);
    const counts = starts.map(() => 0);
    for (const { requested } of found) {
      let low = 0;
      for (let high = starts.length; high - low > 1; ) {
        const middle = (low + high) >> 1;
        if ((starts[middle] ?? 0) <= requested) low = middle;
        else high = middle;
      }
      counts[low] = (counts[low] ?? 0) + 1;
    }
    const series = starts.map((at, i) => [new Date(at).toISOString(), counts[i]]);
    return { seq: city.seq, bin, series, total: found.length };
  },

  '/v1/breakdown': (city, params) => {
    const found = select(city, params, ['by', 'limit']);
    const by = params.get('by') ?? 'category';
    const counts = new Map<string | null, number>();
    for (const complaint of found) {
      const key =
        by === 'channel'
          ? complaint.channel
          : by === 'status'
            ? complaint.status
            : by === 'urgency'
              ? urgency(complaint)
              : by === 'category'
                ? complaint.category
                : (complaint.category_path.split('->')[0] ?? null);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const groups = [...counts]
      .map(([key, value]) => ({ key, value }))
      .sort((a, b) => b.value - a.value)
      .slice(0, Number(params.get('limit') ?? 20));
    const other = found.length - groups.reduce((sum, { value }) => sum + value, 0);
    return { seq: city.seq, by, groups, total: found.length, other };
  },

  '/v1/complaints': (city, params) => {
    const found = select(city, params, ['limit', 'cursor']).sort((a, b) => b.requested - a.requested);
    const start = Number(params.get('cursor') ?? 0);
    const end = start + Number(params.get('limit') ?? 50);
    return {
      complaints: found
        .slice(start, end)
        .map(({ id, source, channel, category, category_path, requested, status, address, position }) => ({
          id,
          source,
          channel,
          category,
          category_path,
          requested_at: new Date(requested).toISOString(),
          status,
          address,
          lon: position?.[0] ?? null,
          lat: position?.[1] ?? null,
        })),
      next: end < found.length ? String(end) : null,
    };
  },
  // Its tiles have no parts of cells.
  '/v1/aligned': city => ({ seq: city.seq, level: 'community', aligned: [], truncated: false, sql: '' }),
  '/v1/sensors': () => ({ sensors: [] }),
  '/v1/session': () => ({ role: 'admin', name: null, actor: 'loopback', feeds: [], keys: false }),
  '/v1/feeds': () => ({
    feeds: [
      {
        source: 'mock',
        state: 'ok',
        last_seen: new Date().toISOString(),
        age_s: 1,
        quiet_after_s: 300,
        rate_now: 60,
        rate_usual: 60,
        lag_s: 1,
        accepted: 1,
        updated: 0,
        duplicate: 0,
        refused: {},
        datastreams: 0,
        silent: 0,
        stuck: 0,
        clock_off: 0,
        doubtful: 0,
        missing: 0,
      },
    ],
  }),
  '/v1/rejected': () => ({ rejected: [], next: null }),
  // It has no rules, so nothing is told.
  '/v1/alerts': () => ({ alerts: [], next: null }),
  '/v1/rules': () => ({ rules: [] }),
  '/v1/keys': () => ({ keys: [] }),
  '/v1/freshness': city => ({
    seq: city.seq,
    feeds: [{ source: 'mock', received_at: new Date().toISOString(), age_s: 1 }],
  }),
  '/v1/search': (city, params) => {
    const wanted = params.get('q') ?? '';
    return {
      areas: [],
      addresses: [],
      addresses_complete: true,
      sensors: [],
      complaints: city.complaints
        .filter(({ id }) => id.startsWith(wanted))
        .slice(0, 8)
        .map(({ id, source, category, status, requested, address, position }) => ({
          id,
          source,
          category,
          status,
          requested_at: new Date(requested).toISOString(),
          address,
          lon: position?.[0] ?? null,
          lat: position?.[1] ?? null,
          cell: null,
        })),
    };
  },
};

function range(complaints: MockComplaint[]) {
  const times = complaints.map(({ requested }) => requested);
  if (times.length === 0) return null;
  const first = times.reduce((a, b) => Math.min(a, b));
  const last = times.reduce((a, b) => Math.max(a, b));
  return { from: new Date(first).toISOString(), to: new Date(last).toISOString() };
}
