/** H3 resolution of the heat map at each whole zoom, from 7 up; farther out and closer in the ends hold on. */
const BY_ZOOM = [6, 7, 7, 8, 9, 9, 10] as const;
const FIRST_ZOOM = 7;

/** The resolution to show at a zoom, never finer than the city's base resolution. */
export function resolutionAt(zoom: number, base: number): number {
  const step = Math.min(Math.max(Math.floor(zoom) - FIRST_ZOOM, 0), BY_ZOOM.length - 1);
  return Math.min(BY_ZOOM[step] ?? 6, base);
}

/** The lowest and highest tile zoom at which a resolution is shown; null when it never is. */
export function zoomsOf(resolution: number, base: number): [min: number, max: number] | null {
  const zooms = BY_ZOOM.map((_, i) => i + FIRST_ZOOM).filter(zoom => resolutionAt(zoom, base) === resolution);
  const [min, max] = [zooms[0], zooms.at(-1)];
  if (min === undefined || max === undefined) return null;
  return [min === FIRST_ZOOM ? 0 : min, max];
}

/** The resolutions that the map uses, from coarse to fine. */
export function resolutions(base: number): number[] {
  return [...new Set(BY_ZOOM.map(resolution => Math.min(resolution, base)))];
}

/** The resolution of a cell, read from its hex text: the second of its fifteen digits. */
export function resolutionOf(cell: string): number {
  return Number.parseInt(cell.charAt(1), 16);
}
