/** A position that somebody typed: WGS 84 degrees. */
export interface Spot {
  lon: number;
  lat: number;
}

/**
 * Reads `latitude, longitude` as map services write it. Two numbers of which only one order can be a position are read in
 * that order; what is no position gives null.
 */
export function parseSpot(text: string): Spot | null {
  const match = /^\s*(-?\d{1,3}(?:\.\d+)?)\s*[,，;\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*$/.exec(text);
  if (!match) return null;
  const [first, second] = [Number(match[1]), Number(match[2])];
  if (Math.abs(first) <= 90 && Math.abs(second) <= 180) return { lat: first, lon: second };
  if (Math.abs(second) <= 90 && Math.abs(first) <= 180) return { lat: second, lon: first };
  return null;
}

/** An H3 cell in hex text, as the page and the API write it. */
export function parseCell(text: string): string | null {
  const cell = text.trim().toLowerCase();
  return /^8[0-9a-f]{14}$/.test(cell) ? cell : null;
}
