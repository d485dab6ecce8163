import { describe, expect, it } from 'vitest';
import { EMBER, spread } from './palette';

type Rgb = [number, number, number];

/** sRGB text to linear light. */
function linear(hex: string): Rgb {
  const channel = (at: number) => {
    const x = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

/** OKLab lightness (Ottosson 2020), 0 black to 1 white. */
function lightness([r, g, b]: Rgb): number {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s;
}

/** Full dichromacy after Machado, Oliveira, Fernandes (2009), in linear light. */
const DICHROMATS: Record<string, number[][]> = {
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function seen(rgb: Rgb, matrix: number[][]): Rgb {
  const [r, g, b] = matrix.map(row =>
    Math.min(
      1,
      Math.max(
        0,
        row.reduce((sum, weight, i) => sum + weight * (rgb[i] ?? 0), 0),
      ),
    ),
  );
  return [r ?? 0, g ?? 0, b ?? 0];
}

const steps = (values: number[]) => values.slice(1).map((value, i) => value - (values[i] ?? 0));

describe('the palette', () => {
  it('rises in lightness by equal steps', () => {
    for (const step of steps(EMBER.map(hex => lightness(linear(hex))))) {
      expect(step).toBeGreaterThan(0.078);
      expect(step).toBeLessThan(0.098);
    }
  });

  it.each(Object.keys(DICHROMATS))('keeps its order for %s vision', kind => {
    const matrix = DICHROMATS[kind] ?? [];
    for (const step of steps(EMBER.map(hex => lightness(seen(linear(hex), matrix))))) {
      expect(step).toBeGreaterThan(0.05);
    }
  });

  it('goes from its first to its last colour whatever the number of classes', () => {
    for (let count = 2; count <= EMBER.length; count++) {
      const colours = spread(count);
      expect(new Set(colours).size).toBe(count);
      expect([colours[0], colours.at(-1)]).toEqual([EMBER[0], EMBER.at(-1)]);
    }
  });
});
