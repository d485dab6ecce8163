import type { ExpressionSpecification, GeoJSONSource, Map as MapLibre } from 'maplibre-gl';
import { ALIGNED_FILL, areasId, paintId } from './style';
import { type Texture, textureImage, textureName } from './textures';

/** Something that an analysis or a query puts on the map: coloured cells and areas, and what the colours mean. */
export interface Overlay {
  title: string;
  /** A sentence below the title: how many, of what, for when. */
  note?: string;
  cells: readonly OverlayCell[];
  areas: readonly OverlayArea[];
  aligned?: readonly OverlayAligned[];
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

/** The part of a cell that lies in an area of the smallest level. */
export interface OverlayAligned extends Painted {
  cell: string;
  area: string;
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
  #parts = new Map<string, OverlayAligned>();
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
    this.#aligned(overlay?.aligned ?? []);
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
    if (this.#parts.size === 0) return null;
    const [part] = this.#map.queryRenderedFeatures(point, { layers: [ALIGNED_FILL] });
    const said = part && this.#parts.get(partKey(part.properties.cell, part.properties.area));
    return said ? { text: said.text, key: said.key ?? '' } : null;
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

  /** By one expression over the tiles' own properties: a part of a cell has no id that a state could hang on. */
  #aligned(parts: readonly OverlayAligned[]): void {
    this.#parts = new Map(parts.map(part => [partKey(part.cell, part.area), part]));
    if (!this.#map.getLayer(ALIGNED_FILL)) return;
    const byColour = new Map<string, string[]>();
    for (const [key, { colour }] of this.#parts) {
      const keys = byColour.get(colour);
      if (keys) keys.push(key);
      else byColour.set(colour, [key]);
    }
    const steps = [...byColour].flatMap(([colour, keys]) => [keys, colour]);
    const nothing = 'rgba(0,0,0,0)';
    this.#map.setPaintProperty(
      ALIGNED_FILL,
      'fill-color',
      steps.length > 0
        ? ([
            'match',
            ['concat', ['get', 'cell'], '/', ['get', 'area']],
            ...steps,
            nothing,
          ] as unknown as ExpressionSpecification)
        : nothing,
    );
    this.#map.setLayoutProperty(ALIGNED_FILL, 'visibility', parts.length > 0 ? 'visible' : 'none');
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

function partKey(cell: unknown, area: unknown): string {
  return `${cell}/${area}`;
}
