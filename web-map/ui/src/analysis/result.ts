import type { City } from '../api/wire';
import type { AreaNames } from '../desk/area-names';
import type { Overlay } from '../map/overlay';
import type { Texts } from '../texts';
import type { Zone } from '../time/zone';
import type { Found, Question, Row } from './run';
import { num, str } from './run';

/** What a result is made from. */
export interface ResultInput {
  question: Question;
  found: Found;
  city: City;
  zone: Zone;
  texts: Texts;
  names: AreaNames;
  /** The server's clock, milliseconds. */
  now: number;
  /** Shows a place of the result on the map. */
  goTo(place: Place): void;
}

/** An analysis told: one sentence, what can be looked at, and what is drawn on the map. */
export interface Result {
  sentence: string;
  body: HTMLElement[];
  overlay: Overlay | null;
}

export type Place = { cell: string } | { level: string; id: string };

/** Entries of a list that are shown; the table has all. */
export const LISTED = 12;

/** Where a row lies: a cell, or the area of the level that the analysis is by. */
export function placeOf(row: Row, question: Question): Place {
  const cell = str(row, 'cell');
  if (cell) return { cell };
  const level = question.values.by ?? '';
  return { level, id: str(row, level) };
}

export function placeName(place: Place, { names, texts }: Pick<ResultInput, 'names' | 'texts'>): string {
  return 'cell' in place ? place.cell : names.name(place.level, place.id, texts.lang);
}

export function placeKey(place: Place): string {
  return 'cell' in place ? place.cell : `${place.level}:${place.id}`;
}

/** A probability as statisticians write it. */
export function probability(p: number): string {
  if (Number.isNaN(p)) return '–';
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

/** Rows whose number is at least so much, the largest first. */
export function ranked(rows: readonly Row[], by: string): Row[] {
  return [...rows].sort((a, b) => num(b, by) - num(a, by));
}

/** How many rows have each value. */
export function tally(rows: readonly Row[], name: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(str(row, name), (counts.get(str(row, name)) ?? 0) + 1);
  return counts;
}
