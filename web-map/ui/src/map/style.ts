import type {
  ExpressionSpecification,
  FilterSpecification,
  LayerSpecification,
  SourceSpecification,
  StyleSpecification,
} from 'maplibre-gl';
import type { City } from '../api/wire';
import type { Lang } from '../i18n/i18n';
import { fontFaces, MAP_FONT } from './fonts';
import { levelZooms } from './levels';
import { resolutions, zoomsOf } from './resolution';

/** Colours of the map's ground, chosen to stay behind the data. */
const INK = {
  outside: '#0a0e13',
  ground: '#121922',
  border: ['#51677f', '#3b4d61', '#2f3e4f', '#2a3644'],
  name: ['#eef4fa', '#c9d5e1', '#b4c1cf', '#a8b5c3'],
  halo: '#0a0e13',
  cut: '#8fa6bd',
  chosen: '#ffffff',
} as const;

/** How much of a cell's colour shows; the legend's swatches have the same, so that they match. */
export const CELL_OPACITY = 0.88;

/** Tiles closer in than this are made from those of this zoom. */
const FINEST_TILE = 14;

/** Tiles of aligned cells closer in than this are made from those of this zoom. */
const FINEST_ALIGNED = 16;
export const ALIGNED = 'aligned';
/** The aligned cells in colours of their own; hidden until some are painted. */
export const ALIGNED_FILL = 'aligned-fill';

/** Which areas are named: all that have room, or only the largest, in letters to be read from afar. */
export type Names = 'all' | 'largest';

export const cellsId = (resolution: number) => `cells-${resolution}`;
/** The cells that are pointed at and chosen. */
export const OUTLINE = 'outline';

export const areasId = (level: string) => `areas-${level}`;
export const areaHitId = (level: string) => `hit-${level}`;
export const areaEdgeId = (level: string) => `area-edge-${level}`;
export const paintId = (level: string) => `paint-${level}`;
export const labelId = (level: string) => `label-${level}`;

/**
 * The whole map from the server's own tiles, from bottom to top: the city's ground, cells, borders, outlines of what is pointed at or chosen, names.
 */
export function mapStyle(city: City, lang: Lang, names: Names, smooth: boolean): StyleSpecification {
  const levels = levelZooms(city);
  const cells = resolutions(city.base_resolution);
  const ground = city.levels[0];
  return {
    version: 8,
    'font-faces': fontFaces(),
    sources: Object.fromEntries([
      ...levels.map(({ level }) => [areasId(level.level), areaSource(city, level.level)]),
      ...cells.map(resolution => [cellsId(resolution), cellSource(city, resolution)]),
      [ALIGNED, alignedSource(city)],
      [OUTLINE, { type: 'geojson', data: { type: 'FeatureCollection', features: [] } }],
    ]),
    layers: [
      { id: 'outside', type: 'background', paint: { 'background-color': INK.outside } },
      ...(ground ? [groundLayer(ground.level)] : []),
      ...cells.map(resolution => cellLayer(resolution, smooth)),
      ...levels.map(({ level }) => paintLayer(level.level)),
      alignedFillLayer(city),
      // Too fine to be read from afar, and as many tiles again for a large screen.
      ...(names === 'all' ? [alignedLayer(city)] : []),
      ...levels.map(({ level, border }) => hitLayer(level.level, border)),
      ...levels.map(({ level, border }, i) => borderLayer(level.level, border, i)).reverse(),
      ...levels.map(({ level }) => areaEdgeLayer(level.level)),
      cellEdgeLayer(),
      ...levels.map(({ level, label }, i) => labelLayer(level.level, label, i, lang, names)).reverse(),
    ],
  };
}

/** What a layer shows for an area's name: the one in the reader's language where the tile has it. */
export function nameExpression(lang: Lang): ExpressionSpecification {
  return ['coalesce', ['get', `name_${lang}`], ['get', 'name']];
}

function tiles(city: City, layer: string): string {
  const version = encodeURIComponent(city.boundary_version);
  return `${location.origin}/tiles/${layer}/{z}/{x}/{y}?v=${version}`;
}

function areaSource(city: City, level: string): SourceSpecification {
  const layer = areasId(level);
  return {
    type: 'vector',
    tiles: [tiles(city, layer)],
    maxzoom: FINEST_TILE,
    bounds: city.bbox,
    promoteId: { [layer]: 'id' },
  };
}

function cellSource(city: City, resolution: number): SourceSpecification {
  const [minzoom, maxzoom] = zoomsOf(resolution, city.base_resolution) ?? [0, FINEST_TILE];
  return {
    type: 'vector',
    tiles: [tiles(city, cellsId(resolution))],
    minzoom,
    maxzoom,
    promoteId: { cells: 'cell' },
  };
}

function alignedSource(city: City): SourceSpecification {
  const { zoom_min: minzoom } = city.aligned;
  const maxzoom = Math.max(minzoom, FINEST_ALIGNED);
  return { type: 'vector', tiles: [tiles(city, ALIGNED)], minzoom, maxzoom, bounds: city.bbox };
}

/** Where the borders of the smallest areas cut the cells. */
function alignedLayer(city: City): LayerSpecification {
  const zoom = city.aligned.zoom_min;
  return {
    id: ALIGNED,
    type: 'line',
    source: ALIGNED,
    'source-layer': ALIGNED,
    minzoom: zoom,
    layout: { 'line-join': 'round' },
    paint: {
      'line-color': INK.cut,
      'line-width': 0.7,
      'line-opacity': ['interpolate', ['linear'], ['zoom'], zoom, 0, zoom + 2, 0.4],
    },
  };
}

/** From the second zoom of aligned cells on: at the first their tiles tell whole areas. */
export function alignedZoom(city: City): number {
  return city.aligned.zoom_min + 1;
}

function alignedFillLayer(city: City): LayerSpecification {
  return {
    id: ALIGNED_FILL,
    type: 'fill',
    source: ALIGNED,
    'source-layer': ALIGNED,
    minzoom: alignedZoom(city),
    layout: { visibility: 'none' },
    paint: { 'fill-color': 'rgba(0,0,0,0)', 'fill-opacity': CELL_OPACITY },
  };
}

function groundLayer(level: string): LayerSpecification {
  return {
    id: 'ground',
    type: 'fill',
    source: areasId(level),
    'source-layer': areasId(level),
    paint: { 'fill-color': INK.ground, 'fill-antialias': false },
  };
}

/** Painted by feature-state: `v` is the cell's value, `f` how bright its flash still is. */
function cellLayer(resolution: number, smooth: boolean): LayerSpecification {
  return {
    id: cellsId(resolution),
    type: 'fill',
    source: cellsId(resolution),
    'source-layer': 'cells',
    layout: { visibility: 'none' },
    paint: { 'fill-color': 'transparent', 'fill-opacity': CELL_OPACITY, 'fill-antialias': smooth },
  };
}

/** The outline of the cell pointed at and of the chosen one. */
function cellEdgeLayer(): LayerSpecification {
  return {
    id: OUTLINE,
    type: 'line',
    source: OUTLINE,
    layout: { 'line-join': 'round' },
    paint: {
      'line-color': INK.chosen,
      'line-width': ['case', ['boolean', ['get', 'chosen'], false], 2.5, 1.25],
      'line-opacity': ['case', ['boolean', ['get', 'chosen'], false], 1, 0.75],
    },
  };
}

/** No area of a level: what its outline's layer lets through until one is chosen. */
export const NO_AREA: FilterSpecification = ['==', ['get', 'id'], ''];

/** The outline of the chosen area. Hidden until there is one, so that no level's tiles are fetched for it alone. */
function areaEdgeLayer(level: string): LayerSpecification {
  return {
    id: areaEdgeId(level),
    type: 'line',
    source: areasId(level),
    'source-layer': areasId(level),
    filter: NO_AREA,
    layout: { visibility: 'none', 'line-join': 'round' },
    paint: { 'line-color': INK.chosen, 'line-width': 2.5 },
  };
}

/** Areas in colours of their own: `c` of the feature-state. Hidden until some are painted. */
function paintLayer(level: string): LayerSpecification {
  return {
    id: paintId(level),
    type: 'fill',
    source: areasId(level),
    'source-layer': areasId(level),
    layout: { visibility: 'none' },
    paint: {
      'fill-color': ['to-color', ['feature-state', 'c'], 'rgba(0,0,0,0)'],
      'fill-opacity': CELL_OPACITY,
    },
  };
}

/** Invisible, to find which areas lie under the pointer. */
function hitLayer(level: string, border: number): LayerSpecification {
  return {
    id: areaHitId(level),
    type: 'fill',
    source: areasId(level),
    'source-layer': areasId(level),
    minzoom: border,
    // Nothing of it is drawn then; it is found all the same.
    paint: { 'fill-opacity': 0 },
  };
}

function borderLayer(level: string, border: number, depth: number): LayerSpecification {
  const width = [1.4, 0.9, 0.6, 0.5][depth] ?? 0.5;
  return {
    id: `border-${level}`,
    type: 'line',
    source: areasId(level),
    'source-layer': areasId(level),
    minzoom: border,
    layout: { 'line-join': 'round' },
    paint: {
      'line-color': INK.border[depth] ?? INK.border[3],
      'line-width': ['interpolate', ['linear'], ['zoom'], 8, width * 0.7, 15, width * 2],
      'line-opacity': ['interpolate', ['linear'], ['zoom'], border, depth === 0 ? 0.9 : 0, border + 0.5, 0.9],
    },
  };
}

function labelLayer(
  level: string,
  label: number,
  depth: number,
  lang: Lang,
  names: Names,
): LayerSpecification {
  const size = names === 'all' ? ([14, 12, 11, 10][depth] ?? 10) : 20;
  return {
    id: labelId(level),
    type: 'symbol',
    source: areasId(level),
    'source-layer': 'labels',
    minzoom: label,
    layout: {
      visibility: names === 'all' || depth === 0 ? 'visible' : 'none',
      'text-field': nameExpression(lang),
      'text-font': [MAP_FONT],
      'text-size': ['interpolate', ['linear'], ['zoom'], label, size, label + 5, size * 1.5],
      'text-letter-spacing': depth === 0 ? 0.12 : 0.03,
      'text-max-width': 8,
      'text-padding': 6,
    },
    paint: {
      'text-color': INK.name[depth] ?? INK.name[3],
      'text-halo-color': INK.halo,
      'text-halo-width': 1.6,
      'text-halo-blur': 0.4,
    },
  };
}
