import { getResolution, latLngToCell } from 'h3-js';
import { expect, it } from 'vitest';
import { resolutionAt, resolutionOf, resolutions, zoomsOf } from './resolution';

it('follows the table of the API', () => {
  const table: [zoom: number, resolution: number][] = [
    [3, 6],
    [7.9, 6],
    [8, 7],
    [9.99, 7],
    [10, 8],
    [11, 9],
    [12.5, 9],
    [13, 10],
    [18, 10],
  ];
  for (const [zoom, resolution] of table) expect(resolutionAt(zoom, 10)).toBe(resolution);
});

it('never asks for finer cells than the city keeps', () => {
  for (let zoom = 0; zoom <= 20; zoom++) expect(resolutionAt(zoom, 8)).toBeLessThanOrEqual(8);
  expect(resolutions(8)).toEqual([6, 7, 8]);
});

it('gives every resolution the zooms at which it is shown', () => {
  for (const base of [7, 8, 9, 10]) {
    for (const resolution of resolutions(base)) {
      const [min, max] = zoomsOf(resolution, base) ?? [NaN, NaN];
      expect(resolutionAt(min, base)).toBe(resolution);
      expect(resolutionAt(max, base)).toBe(resolution);
    }
  }
});

it('reads the resolution of a cell as the H3 library does', () => {
  for (let resolution = 0; resolution <= 15; resolution++) {
    const cell = latLngToCell(39.9, 116.4, resolution);
    expect(resolutionOf(cell)).toBe(getResolution(cell));
  }
});
