import type { Instant } from '../time/zone';
import { type WeekHours, weekCondition } from './week';

/** What to count, apart from when: names as in the query string of the API. */
export interface Filter {
  /** Codes, names or path prefixes `a->b`; any of them. */
  categories: readonly string[];
  channels: readonly string[];
  statuses: readonly string[];
  urgencies: readonly string[];
  area: AreaRef | null;
  /** Hours of the city's week, any of them; empty asks for nothing. */
  week: readonly WeekHours[];
}

/** An area by its level's word and its id. */
export interface AreaRef {
  level: string;
  id: string;
}

/** Half open: `from` belongs to it, `to` does not; null has no end on that side. */
export interface Window {
  from: Instant | null;
  to: Instant | null;
}

export const EVERYTHING: Filter = {
  categories: [],
  channels: [],
  statuses: [],
  urgencies: [],
  area: null,
  week: [],
};

/** A filter as SQL conditions over `complaints`, the same records as `query` asks for. */
export function where(filter: Filter, window: Window): string {
  const found: string[] = [];
  if (window.from !== null) found.push(`requested_at >= '${new Date(window.from).toISOString()}'`);
  if (window.to !== null) found.push(`requested_at < '${new Date(window.to).toISOString()}'`);
  if (filter.categories.length > 0) found.push(categoryCondition(filter.categories));
  if (filter.channels.length > 0) found.push(`channel IN (${filter.channels.map(literal).join(', ')})`);
  if (filter.statuses.length > 0) found.push(`status IN (${filter.statuses.map(literal).join(', ')})`);
  if (filter.urgencies.length > 0) found.push(`urgency IN (${filter.urgencies.map(literal).join(', ')})`);
  if (filter.area) found.push(`${filter.area.level} = ${literal(filter.area.id)}`);
  if (filter.week.length > 0) found.push(weekCondition(filter.week, 'requested_at'));
  return found.length > 0 ? found.join(' AND ') : 'true';
}

/** A category by its name or code, or a branch of the tree by its path. */
export function categoryCondition(categories: readonly string[]): string {
  const one = (category: string) =>
    `category = ${literal(category)} OR category_path = ${literal(category)} OR starts_with(category_path, ${literal(`${category}->`)})`;
  return `(${categories.map(one).join(' OR ')})`;
}

/** A text as SQL writes it. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The filter as query parameters, with instants as RFC 3339 in UTC. */
export function query(filter: Filter, window: Window, more: Record<string, string | number> = {}) {
  const params = new URLSearchParams();
  if (window.from !== null) params.set('from', new Date(window.from).toISOString());
  if (window.to !== null) params.set('to', new Date(window.to).toISOString());
  for (const category of filter.categories) params.append('category', category);
  for (const channel of filter.channels) params.append('channel', channel);
  for (const status of filter.statuses) params.append('status', status);
  for (const urgency of filter.urgencies) params.append('urgency', urgency);
  if (filter.area) params.set('area', areaText(filter.area));
  for (const hours of filter.week) params.append('week', hours);
  for (const [name, value] of Object.entries(more)) params.set(name, String(value));
  return params;
}

/** `LEVEL:ID`, as the API writes it. */
export function areaText(area: AreaRef): string {
  return `${area.level}:${area.id}`;
}

/** Reads `LEVEL:ID`; an id may hold colons itself. */
export function parseArea(text: string): AreaRef | null {
  const colon = text.indexOf(':');
  if (colon < 1 || colon === text.length - 1) return null;
  return { level: text.slice(0, colon), id: text.slice(colon + 1) };
}

/** How many conditions the filter has. */
export function conditions(filter: Filter): number {
  const { categories, channels, statuses, urgencies, area, week } = filter;
  const lists = [categories, channels, statuses, urgencies, week];
  return lists.reduce((sum, list) => sum + list.length, area ? 1 : 0);
}
