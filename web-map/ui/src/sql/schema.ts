import { api } from '../api/client';

export interface Table {
  name: string;
  columns: { name: string; type: string }[];
}

let known: Promise<Table[]> | null = null;

/** The tables and their columns, asked for once. */
export function schema(): Promise<Table[]> {
  known ??= ask().catch(error => {
    known = null;
    throw error;
  });
  return known;
}

const TABLES = [
  'complaints',
  'complaint_events',
  'observations',
  'sensors',
  'datastreams',
  'areas',
  'categories',
  'feeds',
  'rejected',
  'aligned_cells',
] as const;

/** A query without rows tells its columns, whatever else the server lets be asked about itself. */
async function ask(): Promise<Table[]> {
  const tables = await Promise.all(
    TABLES.map(name =>
      api
        .sql({ sql: `SELECT * FROM ${name} LIMIT 0` })
        .then(({ schema: columns }) => ({ name, columns }))
        .catch(() => null),
    ),
  );
  return tables.filter(table => table !== null);
}

/** Functions that are worth completing: the analyses and what places and times are asked with. */
export const FUNCTIONS = [
  'hotspots',
  'emerging_hotspots',
  'clusters',
  'periodic_issues',
  'bursts',
  'leading_sensors',
  'forecast',
  'backtest',
  'h3_latlng_to_cell',
  'h3_cell_to_parent',
  'h3_cell_to_string',
  'h3_string_to_cell',
  'h3_grid_disk',
  'h3_grid_distance',
  'h3_cell_to_boundary_wkt',
  'h3_cell_area',
  'locate',
  'nearest_road',
  'local',
  'local_bin',
  'boundary_version',
  'date_trunc',
  'date_part',
  'count',
  'sum',
  'avg',
  'min',
  'max',
  'coalesce',
] as const;

export const KEYWORDS = [
  'SELECT',
  'FROM',
  'WHERE',
  'GROUP BY',
  'ORDER BY',
  'LIMIT',
  'DESC',
  'AND',
  'OR',
  'NOT',
  'NULL',
  'IN',
  'BETWEEN',
  'LIKE',
  'CASE',
  'WHEN',
  'THEN',
  'ELSE',
  'END',
  'JOIN',
  'ON',
  'WITH',
  'HAVING',
  'INTERVAL',
  'DISTINCT',
  'AS',
] as const;
