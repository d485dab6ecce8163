import { describe, expect, it } from 'vitest';
import { classCounts, classOf, type Method, scaleFor } from './scale';

/** Repeatable numbers with a heavy tail, as counts per cell have. */
function heavyTail(count: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.ceil(1 / (1 - state / 2 ** 32 + 1e-4));
  });
}

const METHODS: Method[] = ['geometric', 'quantile'];

describe.each(METHODS)('a %s scale', method => {
  it('has rising bounds and a colour for each, for any counts', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const { breaks, colours } = scaleFor(heavyTail(seed * 7, seed), method);
      expect(colours).toHaveLength(breaks.length);
      expect(breaks).toEqual([...new Set(breaks)].sort((a, b) => a - b));
    }
  });

  it('leaves no positive value unpainted', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const values = [...heavyTail(200, seed), 0, 0];
      const scale = scaleFor(values, method);
      const painted = classCounts(scale, values).reduce((sum, count) => sum + count, 0);
      expect(painted).toBe(200);
    }
  });

  it('paints nothing for zero', () => {
    expect(classOf(scaleFor([0, 0, 3], method), 0)).toBe(-1);
  });

  it('still has a class when there is nothing to count, or all cells are equal', () => {
    expect(scaleFor([], method).breaks).toEqual([1]);
    expect(scaleFor([4, 4, 4], method).breaks).toEqual([4]);
  });

  it('gives each small count its own class', () => {
    expect(scaleFor([1, 1, 2, 2, 3, 3], method).breaks.length).toBeLessThanOrEqual(3);
  });
});

it('keeps its classes apart by equal ratios', () => {
  const values = Array.from({ length: 1000 }, (_, i) => i + 1);
  const { breaks } = scaleFor(values, 'geometric');
  const ratios = breaks.slice(1).map((bound, i) => bound / (breaks[i] ?? 1));
  for (const ratio of ratios) expect(Math.abs(ratio - 995 ** (1 / 7))).toBeLessThan(0.45);
});

it('puts about as many cells in each quantile class', () => {
  const values = Array.from({ length: 700 }, (_, i) => 100 + i * 10);
  for (const count of classCounts(scaleFor(values, 'quantile'), values)) {
    expect(Math.abs(count - 100)).toBeLessThanOrEqual(10);
  }
});
