import { expect, it } from 'vitest';
import type { City } from '../api/wire';
import { levelZooms, zoomForArea } from './levels';

const city = (areas: number[]): City => ({
  name: '',
  time_zone: 'Asia/Shanghai',
  base_resolution: 10,
  languages: [],
  bbox: [115.4, 39.4, 117.5, 41.1],
  boundary_version: '',
  levels: areas.map((count, i) => ({ level: `level${i}`, names: {}, areas: count, tiles: '' })),
  aligned: { zoom_min: 13, tiles: '/tiles/aligned' },
  seq: 0,
  complaints: 0,
  assessment_month_day: 1,
  basemap: null,
  range: null,
  server_time: '',
  version: '',
});

it('shows the largest level at once and each finer one later, borders before names', () => {
  const zooms = levelZooms(city([16, 343, 7000, 100_000]));
  expect(zooms[0]).toMatchObject({ border: 0, label: 0 });
  for (const [i, { border, label }] of zooms.entries()) {
    expect(label).toBeGreaterThanOrEqual(border);
    expect(border).toBeGreaterThanOrEqual(zooms[i - 1]?.border ?? 0);
  }
});

it('manages a city of one area, and a level without any', () => {
  expect(levelZooms(city([1]))).toHaveLength(1);
  for (const { border } of levelZooms(city([1, 0]))) expect(Number.isFinite(border)).toBe(true);
});

it('goes closer to a smaller area', () => {
  expect(zoomForArea(1, 40)).toBeGreaterThan(zoomForArea(100, 40));
  expect(Number.isFinite(zoomForArea(0, 40))).toBe(true);
});
