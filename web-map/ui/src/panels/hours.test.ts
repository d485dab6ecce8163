import { expect, it } from 'vitest';
import { hoursOf } from './hours';

const at = (phenomenon_time: string, result: number | null, quality = 'good') => ({
  phenomenon_time,
  result,
  quality,
});

it('folds values into the means of their hours and leaves doubtful ones out', () => {
  const hours = hoursOf([
    at('2026-05-01T09:10:00Z', 30),
    at('2026-05-01T08:50:00Z', 4),
    at('2026-05-01T08:10:00Z', 2),
    at('2026-05-01T08:20:00Z', 999, 'doubtful'),
    at('2026-05-01T08:30:00Z', null),
  ]);
  expect(hours).toEqual([
    [Date.parse('2026-05-01T08:00:00Z'), 3],
    [Date.parse('2026-05-01T09:00:00Z'), 30],
  ]);
});

it('has no hour where nothing can be trusted', () => {
  expect(hoursOf([at('2026-05-01T08:20:00Z', 999, 'doubtful')])).toEqual([]);
});
