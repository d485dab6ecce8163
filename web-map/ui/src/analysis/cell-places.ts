import { api } from '../api/client';
import type { ResultInput } from './result';

/** The names of the areas in which the middles of some cells lie, asked for in one query; none where that is refused. */
export async function cellPlaces(
  cells: readonly string[],
  { city, names, texts }: Pick<ResultInput, 'city' | 'names' | 'texts'>,
): Promise<Map<string, string>> {
  const levels = city.levels.map(({ level }) => level).slice(0, 3);
  if (cells.length === 0) return new Map();
  const { cellToLatLng } = await import('h3-js');
  const rows = cells.map(cell => {
    const [lat, lon] = cellToLatLng(cell);
    return `('${cell}', ${lon.toFixed(7)}, ${lat.toFixed(7)})`;
  });
  const columns = levels.map(level => `place['${level}'] AS ${level}`).join(', ');
  const sql = `SELECT hexagon, ${columns} FROM (SELECT hexagon, locate(lon, lat) AS place FROM (VALUES ${rows.join(', ')}) AS v(hexagon, lon, lat)) AS p`;
  const answer = await api.sql({ sql }).catch(() => null);
  return new Map(
    (answer?.rows ?? []).flatMap(row => {
      const parts = levels.flatMap(level =>
        row[level] ? [names.name(level, String(row[level]), texts.lang)] : [],
      );
      // The two smallest say enough.
      return parts.length > 0 ? [[String(row.hexagon), parts.slice(-2).join(' · ')] as const] : [];
    }),
  );
}
