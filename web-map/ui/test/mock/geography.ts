import { random } from './random.ts';

export type Position = [lon: number, lat: number];

export interface MockArea {
  level: string;
  id: string;
  name: string;
  parent: string | null;
  ring: Position[];
  population: number;
  area_km2: number;
  label: Position;
}

/** Blocks of the finest level that one area of each level is made of, from large to small. */
const LEVELS = [
  { level: 'district', block: 4 },
  { level: 'subdistrict', block: 2 },
  { level: 'community', block: 1 },
] as const;

const COLUMNS = 12;
const ROWS = 8;
const CENTRE: Position = [113.42, 34.68];
/** Degrees from the centre to the city's edge. */
const REACH: Position = [0.24, 0.15];
const POINTS_PER_EDGE = 6;

const DISTRICTS = ['云岭区', '河湾区', '新城区', '西林区', '南港区', '东郊区'];
const FIRST = '金石松柳青白龙凤清平长永安兴和泰'.split('');
const SECOND = '泉桥塘园坪河山湖林湾台门'.split('');

/** The made-up city's areas of all levels: neighbours share their border points exactly. */
export function areas(): MockArea[] {
  const border = borders();
  return LEVELS.flatMap(({ level, block }, depth) => {
    const found: MockArea[] = [];
    for (let y = 0; y < ROWS; y += block) {
      for (let x = 0; x < COLUMNS; x += block) {
        const ring = outline(border, x, y, block);
        const above = LEVELS[depth - 1];
        const km2 = areaKm2(ring);
        found.push({
          level,
          id: idOf(level, x, y, block),
          name: nameOf(level, found.length, x, y),
          parent: above ? idOf(above.level, x, y, above.block) : null,
          ring,
          population: Math.round(
            km2 * (1500 + 9000 * Math.exp(-(((x - 5.5) / 4) ** 2 + ((y - 3.5) / 3) ** 2))),
          ),
          area_km2: km2,
          label: mean(ring),
        });
      }
    }
    return found;
  });
}

/** West, south, east, north of all rings. */
export function bbox(all: MockArea[]): [number, number, number, number] {
  const lons = all.flatMap(area => area.ring.map(([lon]) => lon));
  const lats = all.flatMap(area => area.ring.map(([, lat]) => lat));
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}

/** Even-odd point in polygon. */
export function contains(ring: Position[], [x, y]: Position): boolean {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [xi, yi] = ring[i] ?? [0, 0];
    const [xj, yj] = ring[j] ?? [0, 0];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

function idOf(level: string, x: number, y: number, block: number): string {
  return `${level.charAt(0)}${Math.floor(y / block)}${String(Math.floor(x / block)).padStart(2, '0')}`;
}

function nameOf(level: string, index: number, x: number, y: number): string {
  if (level === 'district') return DISTRICTS[index] ?? '某区';
  const name = `${FIRST[(x * 5 + y * 3) % FIRST.length]}${SECOND[(x * 7 + y * 5) % SECOND.length]}`;
  return name + (level === 'subdistrict' ? '街道' : '社区');
}

type Edge = (x: number, y: number, across: boolean) => Position[];

/** Points along each edge of the finest blocks, bent a little, the same for both neighbours. */
function borders(): Edge {
  const next = random(11);
  const bends = new Map<string, number[]>();
  const jitter = new Map<string, Position>();
  const corner = (x: number, y: number): Position => {
    const key = `${x},${y}`;
    const known = jitter.get(key);
    if (known) return known;
    const made: Position = [x + (next() - 0.5) * 0.45, y + (next() - 0.5) * 0.45];
    jitter.set(key, made);
    return made;
  };
  return (x, y, across) => {
    const from = corner(x, y);
    const to = across ? corner(x + 1, y) : corner(x, y + 1);
    const key = `${x},${y},${across}`;
    const bend = bends.get(key) ?? Array.from({ length: 3 }, (_, i) => ((next() - 0.5) * 0.22) / (i + 1));
    bends.set(key, bend);
    return Array.from({ length: POINTS_PER_EDGE }, (_, i) => {
      const t = i / POINTS_PER_EDGE;
      const off = bend.reduce((sum, b, k) => sum + b * Math.sin(Math.PI * (k + 1) * t), 0);
      const dx = to[0] - from[0];
      const dy = to[1] - from[1];
      return onEarth(from[0] + dx * t - dy * off, from[1] + dy * t + dx * off);
    });
  };
}

/** Block coordinates to degrees; the square city is pressed into a rounder one. */
function onEarth(x: number, y: number): Position {
  const u = (x / COLUMNS) * 2 - 1;
  const v = (y / ROWS) * 2 - 1;
  return [
    CENTRE[0] + REACH[0] * u * Math.sqrt(Math.max(0, 1 - (v * v) / 2.4)) + 0.012 * Math.sin(v * 4),
    CENTRE[1] + REACH[1] * v * Math.sqrt(Math.max(0, 1 - (u * u) / 2.4)) + 0.008 * Math.sin(u * 5),
  ];
}

/** The ring around a block of `size` by `size`, counter-clockwise. */
function outline(edge: Edge, x: number, y: number, size: number): Position[] {
  const ring: Position[] = [];
  const back = (from: Position[], to: Position) => [to, ...from.slice(1).reverse()];
  const end = (ex: number, ey: number) => edge(ex, ey, true)[0] ?? CENTRE;
  for (let i = 0; i < size; i++) ring.push(...edge(x + i, y, true));
  for (let i = 0; i < size; i++) ring.push(...edge(x + size, y + i, false));
  for (let i = size - 1; i >= 0; i--)
    ring.push(...back(edge(x + i, y + size, true), end(x + i + 1, y + size)));
  for (let i = size - 1; i >= 0; i--) ring.push(...back(edge(x, y + i, false), end(x, y + i + 1)));
  const [first] = ring;
  return first ? [...ring, first] : ring;
}

function mean(ring: Position[]): Position {
  const points = ring.slice(1);
  return [
    points.reduce((sum, [lon]) => sum + lon, 0) / points.length,
    points.reduce((sum, [, lat]) => sum + lat, 0) / points.length,
  ];
}

function areaKm2(ring: Position[]): number {
  const kx = 111.32 * Math.cos((CENTRE[1] * Math.PI) / 180);
  const twice = ring.slice(1).reduce((sum, [x, y], i) => {
    const [px, py] = ring[i] ?? [x, y];
    return sum + (px * y - x * py) * kx * 110.574;
  }, 0);
  return Math.abs(twice) / 2;
}
