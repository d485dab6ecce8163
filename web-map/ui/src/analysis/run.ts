import { api } from '../api/client';
import { categoryCondition, type Filter, query, type Window, where } from '../api/filter';
import type { Analysis } from '../api/wire';
import { type Era, latest } from '../time/choice';
import { type AnalysisName, type Param, valuesOf } from './catalog';

export type Row = Readonly<Record<string, unknown>>;

/** What to ask, wholly worked out: the route with its parameters, or SQL where the route cannot say it. */
export interface Question {
  name: AnalysisName;
  window: Window;
  filter: Filter;
  values: Readonly<Record<string, string>>;
  /** Is the filter's categories' share compared, rather than their number? */
  shared: boolean;
}

export interface Found {
  rows: readonly Row[];
  parameters: Readonly<Record<string, unknown>>;
  sql: string;
  truncated: boolean;
}

export function questionOf(
  name: AnalysisName,
  params: readonly Param[],
  args: Readonly<Record<string, string>>,
  filter: Filter,
  window: Window,
  era: Era,
): Question {
  const values = valuesOf(params, args);
  const shared = 'against' in values && values.against === 'all' && filter.categories.length > 0;
  return { name, filter, values, shared, window: windowFor(values.period ?? 'view', window, era) };
}

/** The window of the page, or whole days back from its end. */
function windowFor(period: string, window: Window, era: Era): Window {
  if (period === 'view') return window;
  if (period === 'all') return { from: null, to: window.to };
  const end = window.to ?? latest(era);
  const from = era.zone.floor(era.zone.addDays(end, -Number.parseInt(period, 10)), 'day');
  // Before the first record there is nothing: an analysis would take it for a hole.
  const first = era.range ? era.zone.floor(era.range.from, 'day') : from;
  return { from: from > first ? from : null, to: window.to };
}

const NOT_SENT = ['period', 'against'];

function argumentsOf({ values, shared }: Question): [name: string, value: string][] {
  return Object.entries(values).filter(
    ([name, value]) => value !== '' && !NOT_SENT.includes(name) && !(shared && name === 'measure'),
  );
}

/** Asks the server. Rejects with its own words when it refuses. */
export async function run(question: Question, lang: string, signal: AbortSignal): Promise<Found> {
  if (question.shared) {
    const sql = sharedSql(question);
    const answer = await api.sql({ sql }, signal);
    return {
      rows: answer.rows,
      parameters: answer.parameters[0] ?? {},
      sql,
      truncated: answer.truncated,
    };
  }
  const answer: Analysis = await api.analysis(route(question), routeParams(question, lang), signal);
  return answer;
}

/** The path of the analysis: `/v1/periodic-issues`. */
export function route({ name }: Question): string {
  return `/v1/${name.replaceAll('_', '-')}`;
}

export function routeParams(question: Question, lang: string): URLSearchParams {
  const params = query(question.filter, question.window, Object.fromEntries(argumentsOf(question)));
  if (question.name === 'periodic_issues') params.set('language', lang);
  return params;
}

/** The share of the filter's categories among all complaints of the rest of the filter. */
export function sharedSql(question: Question): string {
  const { name, filter, window } = question;
  const all = where({ ...filter, categories: [] }, window);
  const columns = name === 'hotspots' ? 'cell' : 'cell, requested_at';
  const order =
    name === 'hotspots' ? 'z DESC NULLS LAST, cell' : 'class_code NULLS LAST, abs(z) DESC NULLS LAST';
  const said = argumentsOf(question).map(([arg, value]) =>
    Number.isFinite(Number(value)) ? `, ${arg} => ${value}` : `, ${arg} => '${value}'`,
  );
  if (name !== 'hotspots') {
    const bound = (at: number | null) => (at === null ? '' : new Date(at).toISOString());
    if (window.from !== null) said.push(`, from => '${bound(window.from)}'`);
    if (window.to !== null) said.push(`, to => '${bound(window.to)}'`);
  }
  return `SELECT *
FROM ${name}((
    SELECT ${columns}, ${categoryCondition(filter.categories)} AS chosen
    FROM complaints
    WHERE ${all}
)${said.join('')})
ORDER BY ${order}`;
}

/** A number of a row; NaN when it is none. */
export function num(row: Row, name: string): number {
  const value = row[name];
  return typeof value === 'number' ? value : Number.NaN;
}

/** A text of a row; empty when it is none. */
export function str(row: Row, name: string): string {
  const value = row[name];
  return value === null || value === undefined ? '' : String(value);
}

/** An instant of a row, whether or not the server wrote its offset. */
export function instantOf(row: Row, name: string): number {
  return parseInstant(str(row, name));
}

export function parseInstant(text: string): number {
  const at = /(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`;
  return Date.parse(at);
}
