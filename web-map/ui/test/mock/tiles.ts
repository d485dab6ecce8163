import { GeoJSONVT } from '@maplibre/geojson-vt';
import { fromGeojsonVt } from '@maplibre/vt-pbf';
import { cellToBoundary, polygonToCellsExperimental } from 'h3-js';
import type { MockArea } from './geography.ts';

type Index = InstanceType<typeof GeoJSONVT>;
interface Feature {
  type: 'Feature';
  geometry: { type: 'Polygon'; coordinates: number[][][] } | { type: 'Point'; coordinates: number[] };
  properties: Record<string, string | null>;
}

const OPTIONS = { maxZoom: 16, indexMaxZoom: 4, buffer: 64, extent: 4096, tolerance: 2 };

/** Vector tiles of the made-up city, cut when first asked for. */
export class MockTiles {
  readonly #areas: MockArea[];
  readonly #indexes = new Map<string, Record<string, Index>>();

  constructor(areas: MockArea[]) {
    this.#areas = areas;
  }

  /** MVT bytes of `areas-LEVEL` or `cells-RES`; empty where nothing is. */
  tile(layer: string, z: number, x: number, y: number): Uint8Array {
    const layers = this.#indexes.get(layer) ?? this.#index(layer);
    this.#indexes.set(layer, layers);
    const cut: Parameters<typeof fromGeojsonVt>[0] = {};
    for (const [name, index] of Object.entries(layers)) {
      const tile = index.getTile(z, x, y);
      if (tile) cut[name] = tile;
    }
    return fromGeojsonVt(cut, { version: 2, extent: OPTIONS.extent });
  }

  #index(layer: string): Record<string, Index> {
    const [kind, which = ''] = layer.split('-');
    if (kind === 'cells') return { cells: index(this.#cells(Number(which))) };
    const areas = this.#areas.filter(({ level }) => level === which);
    return {
      [layer]: index(areas.map(area => feature(area, { type: 'Polygon', coordinates: [area.ring] }))),
      labels: index(areas.map(area => feature(area, { type: 'Point', coordinates: area.label }))),
    };
  }

  #cells(resolution: number): Feature[] {
    const cells = new Set<string>();
    for (const { level, ring } of this.#areas) {
      if (level !== 'district') continue;
      for (const cell of polygonToCellsExperimental(ring, resolution, 'containmentOverlapping', true)) {
        cells.add(cell);
      }
    }
    return [...cells].map(cell => ({
      type: 'Feature',
      geometry: { type: 'Polygon', coordinates: [cellToBoundary(cell, true)] },
      properties: { cell },
    }));
  }
}

function index(features: Feature[]): Index {
  return new GeoJSONVT({ type: 'FeatureCollection', features }, OPTIONS);
}

function feature({ id, name, parent }: MockArea, geometry: Feature['geometry']): Feature {
  return { type: 'Feature', geometry, properties: { id, name, parent } };
}
