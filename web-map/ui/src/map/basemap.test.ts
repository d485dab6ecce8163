import { expect, it, vi } from 'vitest';

vi.mock('maplibre-gl', () => ({ addProtocol: () => {} }));
vi.mock('./fonts', () => ({ MAP_FONT: 'font' }));
const { basemapLayers, kindOf } = await import('./basemap');

it('knows streets and water by the names of Protomaps, OpenMapTiles and Shortbread', () => {
  expect(['roads', 'transportation', 'streets', 'street_polygons'].map(kindOf)).toEqual([
    'street',
    'street',
    'street',
    'street',
  ]);
  expect(['water', 'ocean', 'water_polygons'].map(kindOf)).toEqual(['water', 'water', 'water']);
  // Names would be drawn as lines.
  expect(['transportation_name', 'street_labels', 'buildings', 'pois'].map(kindOf)).toEqual([
    null,
    null,
    null,
    null,
  ]);
});

it('draws water below streets, and each layer of the file by itself', () => {
  const layers = basemapLayers(['roads', 'water', 'pois'], 'en');
  expect(layers.map(({ type }) => type)).toEqual(['fill', 'line', 'symbol']);
  expect(new Set(layers.map(({ id }) => id)).size).toBe(3);
  expect(basemapLayers(null, 'zh').map(({ type }) => type)).toEqual(['raster']);
});
