import type { SensorObservation } from '../api/wire';
import { HOUR } from '../time/zone';

/** Observations folded into the means of their hours; doubtful ones and those without a number are left out. */
export function hoursOf(
  observations: readonly Pick<SensorObservation, 'phenomenon_time' | 'result' | 'quality'>[],
): [at: number, mean: number][] {
  const hours = new Map<number, { sum: number; n: number }>();
  for (const { phenomenon_time, result, quality } of observations) {
    if (result === null || quality === 'doubtful') continue;
    const at = Math.floor(Date.parse(phenomenon_time) / HOUR) * HOUR;
    const hour = hours.get(at) ?? { sum: 0, n: 0 };
    hours.set(at, { sum: hour.sum + result, n: hour.n + 1 });
  }
  return [...hours].sort(([a], [b]) => a - b).map(([at, { sum, n }]) => [at, sum / n]);
}
