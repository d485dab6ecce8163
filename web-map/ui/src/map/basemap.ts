import { addProtocol, type LayerSpecification, type Map as MapLibre } from 'maplibre-gl';
import type { Lang } from '../i18n/i18n';
import { MAP_FONT } from './fonts';

const SOURCE = 'basemap';
const INK = { water: '#0d1c2b', street: '#66788c', name: '#9fb0c0', halo: '#0a0e13' } as const;
/** Names of streets would only be in the way farther out. */
const NAMES_FROM = 13;

/** What a vector layer of a basemap shows, by the names that the common schemas give it. */
export function kindOf(layer: string): 'street' | 'water' | null {
  if (/name|label/i.test(layer)) return null;
  if (/road|street|transport|highway/i.test(layer)) return 'street';
  return /water|ocean|lake|river/i.test(layer) ? 'water' : null;
}

/** The layers that draw a basemap, water first; `names` of its vector layers. A picture is one layer. */
export function basemapLayers(names: readonly string[] | null, lang: Lang): LayerSpecification[] {
  if (!names) {
    return [{ id: SOURCE, type: 'raster', source: SOURCE, paint: { 'raster-opacity': 0.45 } }];
  }
  const of = (kind: string) => names.filter(name => kindOf(name) === kind);
  const common = (name: string) => ({ source: SOURCE, 'source-layer': name });
  return [
    ...of('water').map(
      (name): LayerSpecification => ({
        ...common(name),
        id: `${SOURCE}-water-${name}`,
        type: 'fill',
        filter: ['==', ['geometry-type'], 'Polygon'],
        paint: { 'fill-color': INK.water, 'fill-opacity': 0.55 },
      }),
    ),
    ...of('street').map(
      (name): LayerSpecification => ({
        ...common(name),
        id: `${SOURCE}-street-${name}`,
        type: 'line',
        layout: { 'line-join': 'round', 'line-cap': 'round' },
        paint: {
          'line-color': INK.street,
          'line-width': ['interpolate', ['exponential', 1.5], ['zoom'], 9, 0.8, 13, 1.3, 17, 5],
          'line-opacity': 0.85,
        },
      }),
    ),
    ...of('street').map(
      (name): LayerSpecification => ({
        ...common(name),
        id: `${SOURCE}-name-${name}`,
        type: 'symbol',
        minzoom: NAMES_FROM,
        layout: {
          'symbol-placement': 'line',
          'text-field': ['coalesce', ['get', `name:${lang}`], ['get', 'name'], ''],
          'text-font': [MAP_FONT],
          'text-size': 11,
        },
        paint: { 'text-color': INK.name, 'text-halo-color': INK.halo, 'text-halo-width': 1.2 },
      }),
    ),
  ];
}

/** Puts the streets of a `PMTiles` file on the map, below borders and names. Rejects when the file cannot be read. */
export async function addBasemap(map: MapLibre, path: string, lang: Lang): Promise<void> {
  const { PMTiles, Protocol, TileType } = await import('pmtiles');
  const url = new URL(path, location.origin).href;
  const file = new PMTiles(url);
  const header = await file.getHeader();
  const isVector = header.tileType === TileType.Mvt;
  const metadata = isVector ? await file.getMetadata() : null;
  const protocol = new Protocol({ metadata: false });
  protocol.add(file);
  addProtocol('pmtiles', protocol.tile);
  map.addSource(SOURCE, {
    type: isVector ? 'vector' : 'raster',
    tiles: [`pmtiles://${url}/{z}/{x}/{y}`],
    minzoom: header.minZoom,
    maxzoom: header.maxZoom,
    bounds: [header.minLon, header.minLat, header.maxLon, header.maxLat],
    ...(isVector ? {} : { tileSize: 256 }),
  });
  const below = map.getStyle().layers.find(({ id }) => id.startsWith('border-'))?.id;
  const cells = map.getStyle().layers.find(({ id }) => id.startsWith('cells-'))?.id;
  for (const layer of basemapLayers(isVector ? layerNames(metadata) : null, lang)) {
    // Pictures and water are ground; streets have to be seen through the cells.
    const isGround = layer.type === 'raster' || layer.type === 'fill';
    map.addLayer(layer, isGround ? cells : below);
  }
}

/** The names of the vector layers that a file's metadata tell. */
function layerNames(metadata: unknown): string[] {
  const layers = (metadata as { vector_layers?: { id?: unknown }[] } | null)?.vector_layers ?? [];
  return layers.flatMap(({ id }) => (typeof id === 'string' ? [id] : []));
}
