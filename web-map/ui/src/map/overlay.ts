import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';
import { areasId, paintId } from './style';
import { type Texture, textureImage, textureName } from './textures';

/** Something that an analysis or a query puts on the map: coloured cells and areas, and what the colours mean. */
export interface Overlay {
  title: string;
  /** A sentence below the title: how many, of what, for when. */
  note?: string;
  cells: readonly OverlayCell[];
  areas: readonly OverlayArea[];
  points: readonly OverlayPoint[];
  legend: readonly OverlayClass[];
  /** The bounds of the classes, where a reader may fix them. */
  breaks?: readonly number[];
}

interface Painted {
  colour: string;
  texture?: Texture;
  /** What the pointer reads. */
  text: string;
  /** Which row of the panel it belongs to. */
  key?: string;
}

export interface OverlayCell extends Painted {
  /** H3 cell of any resolution, hex text. */
  cell: string;
}

export interface OverlayArea extends Painted {
  level: string;
  id: string;
}

/** A point in WGS 84 degrees. */
export interface OverlayPoint extends Painted {
  lon: number;
  lat: number;
}

export interface OverlayClass {
  colour: string;
  texture?: Texture;
  label: string;
  count: number;
}

const SOURCE = 'overlay';
const FILL = 'overlay-fill';
const TEXTURE = 'overlay-texture';
const LINE = 'overlay-line';
const DOT = 'overlay-dot';
const POINTS = 'overlay-points';

/** Draws one overlay at a time over the heat map's own layers, and takes it off again. */
export class OverlayPainter {
  readonly #map: MapLibre;
  #painted: OverlayArea[] = [];
  #shown: Overlay | null = null;

  constructor(map: MapLibre) {
    this.#map = map;
  }

  get shown(): Overlay | null {
    return this.#shown;
  }

  async show(overlay: Overlay | null): Promise<void> {
    this.#shown = overlay;
    const { cellToBoundary } = overlay?.cells.length ? await import('h3-js') : { cellToBoundary: null };
    // A later overlay may have come while the library was fetched.
    if (this.#shown !== overlay) return;
    this.#layers();
    this.#areas(overlay?.areas ?? []);
    const shapes = cellToBoundary
      ? (overlay?.cells ?? []).map(({ cell, colour, texture, text, key }) => ({
          type: 'Feature' as const,
          geometry: { type: 'Polygon' as const, coordinates: [cellToBoundary(cell, true)] },
          properties: {
            cell,
            colour,
            text,
            key: key ?? cell,
            texture: texture ? this.#texture(texture) : '',
          },
        }))
      : [];
    this.#source(SOURCE).setData({ type: 'FeatureCollection', features: shapes });
    this.#source(POINTS).setData({
      type: 'FeatureCollection',
      features: (overlay?.points ?? []).map(({ lon, lat, colour, text, key }) => ({
        type: 'Feature',
        geometry: { type: 'Point', coordinates: [lon, lat] },
        properties: { colour, text, key: key ?? '' },
      })),
    });
  }

  /** What of the overlay lies under a pixel. */
  at(point: [x: number, y: number]): { text: string; key: string } | null {
    if (!this.#shown) return null;
    const layers = [DOT, FILL].filter(id => this.#map.getLayer(id));
    const [hit] = this.#map.queryRenderedFeatures(point, { layers });
    if (hit) return { text: String(hit.properties.text), key: String(hit.properties.key) };
    return null;
  }

  /** What is said of an area. */
  area(level: string, id: string): OverlayArea | null {
    return this.#painted.find(area => area.level === level && area.id === id) ?? null;
  }

  #source(id: string): GeoJSONSource {
    return this.#map.getSource(id) as GeoJSONSource;
  }

  #layers(): void {
    if (this.#map.getSource(SOURCE)) return;
    const nothing = { type: 'FeatureCollection', features: [] } as const;
    this.#map.addSource(SOURCE, { type: 'geojson', data: { ...nothing, features: [] } });
    this.#map.addSource(POINTS, { type: 'geojson', data: { ...nothing, features: [] } });
    const below = this.#map.getStyle().layers.find(({ id }) => id.startsWith('border-'))?.id;
    this.#map.addLayer(
      {
        id: FILL,
        type: 'fill',
        source: SOURCE,
        paint: { 'fill-color': ['get', 'colour'], 'fill-opacity': 0.86, 'fill-antialias': true },
      },
      below,
    );
    this.#map.addLayer(
      {
        id: TEXTURE,
        type: 'fill',
        source: SOURCE,
        filter: ['!=', ['get', 'texture'], ''],
        paint: { 'fill-pattern': ['get', 'texture'], 'fill-opacity': 0.9 },
      },
      below,
    );
    this.#map.addLayer(
      {
        id: LINE,
        type: 'line',
        source: SOURCE,
        paint: { 'line-color': '#0a0e13', 'line-width': 0.6, 'line-opacity': 0.7 },
      },
      below,
    );
    this.#map.addLayer({
      id: DOT,
      type: 'circle',
      source: POINTS,
      paint: {
        'circle-color': ['get', 'colour'],
        'circle-radius': ['interpolate', ['linear'], ['zoom'], 8, 4, 15, 9],
        'circle-stroke-color': '#0a0e13',
        'circle-stroke-width': 1.5,
      },
    });
  }

  #areas(areas: readonly OverlayArea[]): void {
    for (const area of this.#painted) this.#state(area, null);
    for (const area of areas) this.#state(area, area.colour);
    const levels = new Set([...this.#painted, ...areas].map(({ level }) => level));
    for (const level of levels) {
      const shown = areas.some(area => area.level === level);
      if (this.#map.getLayer(paintId(level)))
        this.#map.setLayoutProperty(paintId(level), 'visibility', shown ? 'visible' : 'none');
    }
    this.#painted = [...areas];
  }

  #state({ level, id }: OverlayArea, colour: string | null): void {
    const source = areasId(level);
    if (this.#map.getSource(source)) {
      this.#map.setFeatureState({ source, sourceLayer: source, id }, { c: colour });
    }
  }

  #texture(texture: Texture): string {
    const name = textureName(texture);
    if (!this.#map.hasImage(name)) this.#map.addImage(name, textureImage(texture), { pixelRatio: 2 });
    return name;
  }
}
