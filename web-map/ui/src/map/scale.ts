import { DIVERGING, EMBER, spread } from './palette';

/** How class bounds are chosen: equal ratios, equally many cells, equal steps, or where the values leave gaps. */
export const METHODS = ['geometric', 'quantile', 'equal', 'natural'] as const;
export type Method = (typeof METHODS)[number];

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
  return fixed(boundsOf(sorted, method, classes));
}

/** A scale of these bounds, whatever the values are. */
export function fixed(breaks: readonly number[]): Scale {
  return { breaks: [...breaks], colours: spread(breaks.length) };
}

/**
 * A scale for values on both sides of zero: three classes below, a quiet one around zero, three above, the same on
 * both sides, so that a colour says how much and a hue which way. `steps` fixes the three bounds above zero.
 */
export function divergingScale(values: Iterable<number>, steps?: readonly [number, number, number]): Scale {
  const [near, middle, far] = steps ?? stepsOf(values);
  return { breaks: [-Infinity, -far, -middle, -near, near, middle, far], colours: [...DIVERGING] };
}

function stepsOf(values: Iterable<number>): [number, number, number] {
  const sizes = Float64Array.from(values, Math.abs)
    .filter(value => value > 0)
    .sort();
  const at = (part: number) => neat(sizes[Math.floor((sizes.length - 1) * part)] ?? 1);
  const [near, middle, far] = [at(0.4), at(0.75), at(0.95)];
  // Few different values: the bounds still have to rise.
  const second = middle > near ? middle : neat(near * 2);
  return [near, second, far > second ? far : neat(second * 2)];
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

function boundsOf(sorted: Float64Array, method: Method, classes: number): number[] {
  if (sorted.length === 0) return [1];
  switch (method) {
    case 'geometric':
      return geometric(sorted, classes);
    case 'quantile':
      return rising(
        Array.from({ length: classes }, (_, i) => sorted[Math.floor((i * sorted.length) / classes)] ?? 1),
      );
    case 'equal':
      return equal(sorted, classes);
    case 'natural':
      return rising(naturalBreaks(sample(sorted), classes));
  }
}

/** From the smallest value to near the largest: a few extreme cells must not push all others into one class. */
function geometric(sorted: Float64Array, classes: number): number[] {
  const low = sorted[0] ?? 1;
  const high = sorted[Math.floor((sorted.length - 1) * 0.995)] ?? low;
  if (high / low <= 1) return [neat(low)];
  const ratio = (high / low) ** (1 / classes);
  return rising(Array.from({ length: classes }, (_, i) => low * ratio ** i));
}

function equal(sorted: Float64Array, classes: number): number[] {
  const low = sorted[0] ?? 1;
  const high = sorted.at(-1) ?? low;
  return rising(Array.from({ length: classes }, (_, i) => low + ((high - low) * i) / classes));
}

/** Most values that are searched for natural breaks: the search grows with their square. */
const SAMPLE = 500;

function sample(sorted: Float64Array): number[] {
  if (sorted.length <= SAMPLE) return [...sorted];
  return Array.from(
    { length: SAMPLE },
    (_, i) => sorted[Math.round((i * (sorted.length - 1)) / (SAMPLE - 1))] ?? 0,
  );
}

/**
 * The lower bounds of classes whose values lie together as closely as can be: the least sum of squares within
 * classes, found exactly (W. D. Fisher, 1958; G. F. Jenks, 1967). `sorted` rises.
 */
export function naturalBreaks(sorted: readonly number[], classes: number): number[] {
  const n = sorted.length;
  const k = Math.min(classes, new Set(sorted).size);
  const sums = [0];
  const squares = [0];
  for (const [i, value] of sorted.entries()) {
    sums.push((sums[i] ?? 0) + value);
    squares.push((squares[i] ?? 0) + value * value);
  }
  const spreadOf = (from: number, to: number) => {
    const sum = (sums[to] ?? 0) - (sums[from] ?? 0);
    return (squares[to] ?? 0) - (squares[from] ?? 0) - (sum * sum) / (to - from);
  };
  let best = Array.from({ length: n + 1 }, (_, to) => (to === 0 ? 0 : spreadOf(0, to)));
  const starts: number[][] = [];
  for (let j = 1; j < k; j++) {
    const next = new Array<number>(n + 1).fill(Infinity);
    const start = new Array<number>(n + 1).fill(j);
    for (let to = j + 1; to <= n; to++) {
      for (let from = j; from < to; from++) {
        const cost = (best[from] ?? Infinity) + spreadOf(from, to);
        if (cost < (next[to] ?? Infinity)) {
          next[to] = cost;
          start[to] = from;
        }
      }
    }
    best = next;
    starts.push(start);
  }
  const bounds: number[] = [];
  let to = n;
  for (const start of starts.reverse()) {
    to = start[to] ?? 0;
    bounds.unshift(sorted[to] ?? 0);
  }
  return [sorted[0] ?? 0, ...bounds];
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
