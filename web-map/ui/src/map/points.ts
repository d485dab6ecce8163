import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';

/** What is on the map one by one. */
export const POINT_KINDS = ['complaints', 'sensors'] as const;
export type PointKind = (typeof POINT_KINDS)[number];

/** One of them: its position in WGS 84 degrees, what tells it from the others, and what the pointer reads. */
export interface PointMark {
  lon: number;
  lat: number;
  /** Given back when it is clicked. */
  key: string;
  text: string;
}

const idOf = (kind: PointKind) => `points-${kind}`;

const PAINT = {
  complaints: { colour: '#ffffff', ring: '#b3261e', radius: [3, 6] },
  sensors: { colour: '#5fd0e6', ring: '#06222a', radius: [4, 8] },
} as const;

/** Complaints and sensors as dots over everything else; each kind is put on the map and taken off by itself. */
export class PointLayers {
  readonly #map: MapLibre;

  constructor(map: MapLibre) {
    this.#map = map;
  }

  /** Shows just these of a kind; null takes the kind off the map. */
  show(kind: PointKind, marks: readonly PointMark[] | null): void {
    const id = idOf(kind);
    const source = this.#map.getSource<GeoJSONSource>(id);
    if (!source && !marks) return;
    const data = {
      type: 'FeatureCollection' as const,
      features: (marks ?? []).map(({ lon, lat, key, text }) => ({
        type: 'Feature' as const,
        geometry: { type: 'Point' as const, coordinates: [lon, lat] },
        properties: { key, text },
      })),
    };
    if (source) source.setData(data);
    else this.#add(kind, data);
  }

  /** The dot under a pixel. */
  at(point: [x: number, y: number]): { kind: PointKind; key: string; text: string } | null {
    const layers = POINT_KINDS.map(idOf).filter(id => this.#map.getLayer(id));
    if (layers.length === 0) return null;
    const [x, y] = point;
    // A finger or a hand that shakes a little still meets a dot of three pixels.
    const [hit] = this.#map.queryRenderedFeatures(
      [
        [x - 3, y - 3],
        [x + 3, y + 3],
      ],
      { layers },
    );
    const kind = POINT_KINDS.find(kind => idOf(kind) === hit?.layer.id);
    return hit && kind ? { kind, key: String(hit.properties.key), text: String(hit.properties.text) } : null;
  }

  #add(kind: PointKind, data: Parameters<GeoJSONSource['setData']>[0]): void {
    const id = idOf(kind);
    const { colour, ring, radius } = PAINT[kind];
    this.#map.addSource(id, { type: 'geojson', data });
    this.#map.addLayer({
      id,
      type: 'circle',
      source: id,
      paint: {
        'circle-color': colour,
        'circle-radius': ['interpolate', ['linear'], ['zoom'], 9, radius[0], 16, radius[1]],
        'circle-stroke-color': ring,
        'circle-stroke-width': 1.5,
      },
    });
  }
}
