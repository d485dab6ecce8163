import { expect, it } from 'vitest';
import { EVERYTHING } from '../api/filter';
import { DAY, HOUR } from '../time/zone';
import { ScaleBook, type ScaleQuestion } from './scale-book';

const week: ScaleQuestion = { filter: EVERYTHING, method: 'geometric', length: 7 * DAY };

it('holds the first scale of a question whatever values follow', () => {
  const book = new ScaleBook();
  const first = book.scale(week, 9, [1, 5, 40]);
  expect(book.scale({ ...week }, 9, [1000, 2000])).toBe(first);
});

it('holds it for windows of about the same length', () => {
  const book = new ScaleBook();
  const first = book.scale({ ...week, length: 31 * DAY }, 9, [1, 5, 40]);
  expect(book.scale({ ...week, length: 28 * DAY }, 9, [1000])).toBe(first);
  expect(book.scale({ ...week, length: 31 * DAY + HOUR }, 9, [1000])).toBe(first);
});

it('has a scale of its own for each resolution and comes back to it', () => {
  const book = new ScaleBook();
  const fine = book.scale(week, 9, [1, 5, 40]);
  const coarse = book.scale(week, 8, [10, 500]);
  expect(coarse.breaks).not.toEqual(fine.breaks);
  expect(book.scale(week, 9, [7])).toBe(fine);
});

it.each<[string, ScaleQuestion]>([
  ['filter', { ...week, filter: { ...EVERYTHING, statuses: ['open'] } }],
  ['method', { ...week, method: 'quantile' }],
  ['length', { ...week, length: DAY }],
  ['kind of window', { ...week, length: '7d' }],
])('makes a new one for another %s', (_, other) => {
  const book = new ScaleBook();
  book.scale(week, 9, [1, 5, 40]);
  expect(book.scale(other, 9, [900, 1000]).breaks[0]).toBe(900);
});

it('makes a new one when asked to', () => {
  const book = new ScaleBook();
  book.scale(week, 9, [1, 5, 40]);
  book.reset();
  expect(book.scale(week, 9, [7]).breaks).toEqual([7]);
});

it('waits for the first values before it settles', () => {
  const book = new ScaleBook();
  book.scale(week, 9, []);
  expect(book.holds(9)).toBe(false);
  expect(book.scale(week, 9, [30]).breaks).toEqual([30]);
  expect(book.holds(9)).toBe(true);
});
