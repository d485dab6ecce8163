import { GeoJSONVT } from '@maplibre/geojson-vt';
import { fromGeojsonVt } from '@maplibre/vt-pbf';
import { zxyToTileId } from 'pmtiles';

/** A cross of two streets through a point (degrees), as a `PMTiles` file of one tile at `zoom`, packed with nothing. */
export function crossing(lon: number, lat: number, zoom: number): Buffer {
  const street = (coordinates: [number, number][]) => ({
    type: 'Feature' as const,
    geometry: { type: 'LineString' as const, coordinates },
    properties: { name: 'Long Lane' },
  });
  const features = [
    street([
      [lon - 0.2, lat],
      [lon + 0.2, lat],
    ]),
    street([
      [lon, lat - 0.2],
      [lon, lat + 0.2],
    ]),
  ];
  const [x, y] = tileOf(lon, lat, zoom);
  const index = new GeoJSONVT(
    { type: 'FeatureCollection', features },
    { maxZoom: zoom, indexMaxZoom: zoom, extent: 4096 },
  );
  const cut = index.getTile(zoom, x, y);
  if (!cut) throw new Error('the streets lie in the tile');
  const tile = Buffer.from(fromGeojsonVt({ roads: cut as never }, { version: 2, extent: 4096 }));
  const metadata = Buffer.from(JSON.stringify({ vector_layers: [{ id: 'roads', fields: {} }] }));
  const directory = Buffer.from([
    ...varint(1), // entries
    ...varint(zxyToTileId(zoom, x, y)),
    ...varint(1), // run length
    ...varint(tile.length),
    ...varint(1), // offset 0, plus one
  ]);
  const header = Buffer.alloc(127);
  header.write('PMTiles');
  header[7] = 3;
  const rootAt = header.length;
  const metadataAt = rootAt + directory.length;
  const tilesAt = metadataAt + metadata.length;
  const numbers = [
    rootAt,
    directory.length,
    metadataAt,
    metadata.length,
    tilesAt,
    0,
    tilesAt,
    tile.length,
    1,
    1,
    1,
  ];
  for (const [i, number] of numbers.entries()) header.writeBigUInt64LE(BigInt(number), 8 + 8 * i);
  header.set([1, 1, 1, 1, zoom, zoom], 96); // clustered; nothing packed, inside and tiles; MVT; zooms
  const corners = [lon - 1, lat - 1, lon + 1, lat + 1].map(degrees => Math.round(degrees * 1e7));
  for (const [i, corner] of corners.entries()) header.writeInt32LE(corner, 102 + 4 * i);
  header[118] = zoom;
  header.writeInt32LE(Math.round(lon * 1e7), 119);
  header.writeInt32LE(Math.round(lat * 1e7), 123);
  return Buffer.concat([header, directory, metadata, tile]);
}

/** Column and row of the tile that holds a point. */
function tileOf(lon: number, lat: number, zoom: number): [x: number, y: number] {
  const n = 2 ** zoom;
  const sin = Math.sin((lat * Math.PI) / 180);
  const y = 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI);
  return [Math.floor((n * (lon + 180)) / 360), Math.floor(n * y)];
}

function varint(value: number): number[] {
  const bytes = [];
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return [...bytes, left];
}
