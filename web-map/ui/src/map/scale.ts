import { EMBER, spread } from './palette';

/** How class bounds are chosen: equal ratios, or equally many cells in each class. */
export type Method = 'geometric' | 'quantile';

/** Classes of values: class `i` holds `breaks[i] <= value < breaks[i + 1]`, the last one is open above. */
export interface Scale {
  /** Lower bounds, rising; nothing below the first is painted. */
  breaks: number[];
  colours: string[];
}

/** A scale for these values; zeros and less do not count. Without values it has one class from 1. */
export function scaleFor(values: Iterable<number>, method: Method, classes: number = EMBER.length): Scale {
  const sorted = Float64Array.from(values)
    .filter(value => value > 0)
    .sort();
  const breaks = method === 'geometric' ? geometric(sorted, classes) : quantiles(sorted, classes);
  return { breaks, colours: spread(breaks.length) };
}

/** Index of the value's class; -1 below the first bound. */
export function classOf(scale: Scale, value: number): number {
  let at = -1;
  while (at + 1 < scale.breaks.length && value >= (scale.breaks[at + 1] ?? Infinity)) at++;
  return at;
}

/** How many values fall in each class. */
export function classCounts(scale: Scale, values: Iterable<number>): number[] {
  const counts = scale.breaks.map(() => 0);
  for (const value of values) {
    const at = classOf(scale, value);
    if (at >= 0) counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}

/** From the smallest value to near the largest: a few extreme cells must not push all others into one class. */
function geometric(sorted: Float64Array, classes: number): number[] {
  const low = sorted[0] ?? 1;
  const high = sorted[Math.floor((sorted.length - 1) * 0.995)] ?? low;
  if (high / low <= 1) return [neat(low)];
  const ratio = (high / low) ** (1 / classes);
  return rising(Array.from({ length: classes }, (_, i) => low * ratio ** i));
}

function quantiles(sorted: Float64Array, classes: number): number[] {
  if (sorted.length === 0) return [1];
  return rising(
    Array.from({ length: classes }, (_, i) => sorted[Math.floor((i * sorted.length) / classes)] ?? 1),
  );
}

/** Neat numbers, each once. The first is rounded down, so that no positive value falls out below. */
function rising(bounds: number[]): number[] {
  const neatly = bounds.map((bound, i) => (i === 0 ? Math.min(bound, neat(bound)) : neat(bound)));
  return [...new Set(neatly)].sort((a, b) => a - b);
}

/** Two significant digits; whole numbers from 1 up. */
function neat(value: number): number {
  if (value >= 1 && value < 100) return Math.round(value);
  return Number(value.toPrecision(2));
}
