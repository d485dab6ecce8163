import type { City, Level } from '../api/wire';

/** Metres per pixel at zoom 0 on the equator, with tiles of 512 pixels. */
const METRES_PER_PIXEL = 78_271.517;
/** How wide an area should be on the screen before its border, and then its name, helps. */
const BORDER_PIXELS = 44;
const LABEL_PIXELS = 90;

/** A level of areas and the zooms from which it is drawn. */
export interface LevelZooms {
  level: Level;
  border: number;
  label: number;
}

/** The city's levels from large to small; each appears when its mean area is large enough to see. */
export function levelZooms(city: City): LevelZooms[] {
  const [west, south, east, north] = city.bbox;
  const cos = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const cityM2 = (east - west) * 111_320 * cos * (north - south) * 110_574;
  return city.levels.map((level, i) => {
    const side = Math.sqrt(cityM2 / Math.max(level.areas, 1));
    const zoomFor = (pixels: number) =>
      Math.min(Math.max(Math.log2((pixels * METRES_PER_PIXEL * cos) / side), 0), 15);
    return {
      level,
      border: i === 0 ? 0 : zoomFor(BORDER_PIXELS),
      label: i === 0 ? 0 : zoomFor(LABEL_PIXELS),
    };
  });
}

/** The zoom at which an area of that size fills a good part of the map. */
export function zoomForArea(km2: number, lat: number): number {
  const metres = Math.sqrt(Math.max(km2, 0.01)) * 1000;
  const cos = Math.cos((lat * Math.PI) / 180);
  return Math.min(Math.log2((420 * METRES_PER_PIXEL * cos) / metres), 16);
}

/** The zoom at which a cell of that resolution and those around it are seen well. */
export function zoomForCell(resolution: number): number {
  return Math.min(Math.max(resolution * 1.35 + 2.2, 8), 16);
}
