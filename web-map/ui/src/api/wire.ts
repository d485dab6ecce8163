/**
 * The shapes that the server sends. Positions are longitude, latitude in WGS 84 degrees; instants are
 * RFC 3339 text; cells are lower-case hex text, because a cell id does not fit a JavaScript number.
 */

/** `/v1/city` */
export interface City {
  name: string;
  /** IANA name, such as `Asia/Shanghai`. */
  time_zone: string;
  /** The finest H3 resolution that records are kept at. */
  base_resolution: number;
  languages: string[];
  /** West, south, east, north. */
  bbox: [number, number, number, number];
  boundary_version: string;
  /** From large to small. */
  levels: Level[];
  seq: number;
  /** First and last `requested_at`; null while the city has no complaint. */
  range: { from: string; to: string } | null;
  server_time: string;
  version: string;
}

export interface Level {
  level: string;
  /** The city's own word for the level, by language. */
  names: Record<string, string>;
  /** How many areas it has. */
  areas: number;
  tiles: string;
}

/** How the complaints of an answer split: `total` = `located` + `outside` + `not_located`. */
export interface Totals {
  total: number;
  /** Inside an area of the city. */
  located: number;
  /** Has a position, but outside the city. */
  outside: number;
  /** Has no position. */
  not_located: number;
}

export type CellValue = [cell: string, value: number];

/** `/v1/cells` */
export interface Cells extends Totals {
  seq: number;
  resolution: number;
  measure: string;
  cells: CellValue[];
  boundary_version: string;
}

export interface AreaValue {
  id: string;
  name: string;
  /** The name by language, where the city's files give more than one. */
  names?: Record<string, string>;
  parent: string | null;
  value: number;
  population: number | null;
  area_km2: number;
  lon: number;
  lat: number;
}

/** `/v1/areas`: every area of one level, also those with 0. */
export interface Areas extends Totals {
  seq: number;
  level: string;
  measure: string;
  areas: AreaValue[];
  boundary_version: string;
}

export type Bin = 'hour' | 'day' | 'week' | 'month';

/** `/v1/series`: calendar bins of the city's zone, each named by its start. */
export interface Series {
  seq: number;
  bin: Bin;
  series: [start: string, value: number][];
  total: number;
}

export type BreakdownBy = 'category' | 'top_category' | 'channel' | 'status' | 'agency';

/** `/v1/breakdown`; a null key stands for records without that field. */
export interface Breakdown {
  seq: number;
  by: BreakdownBy;
  groups: { key: string | null; value: number }[];
  total: number;
  other: number;
}

/** One row of `/v1/complaints`: the core columns, never the text nor who called. */
export interface Complaint {
  id: string;
  source: string;
  channel?: string | null;
  category?: string | null;
  category_path?: string | null;
  requested_at: string;
  closed_at?: string | null;
  status?: string | null;
  agency?: string | null;
  lon?: number | null;
  lat?: number | null;
  address?: string | null;
}

/** `/v1/complaints` */
export interface ComplaintPage {
  complaints: Complaint[];
  next: string | null;
}

/** `event: snapshot` of `/v1/live` */
export interface LiveSnapshot extends Totals {
  seq: number;
  resolution: number;
  cells: CellValue[];
}

/** `event: cells` of `/v1/live`: only the cells that changed, with their new value. */
export interface LiveCells extends Totals {
  seq: number;
  cells: CellValue[];
}

/** `event: areas` of `/v1/live`: only the areas that changed, of the city's largest level. */
export interface LiveAreas {
  seq: number;
  level: string;
  areas: [id: string, value: number][];
}

/** `event: freshness` of `/v1/live` */
export interface Freshness {
  server_time: string;
  seq: number;
  /** When the last record was taken in. */
  received_at: string | null;
  requested_at: string | null;
  /** Records taken in during the last minute. */
  per_minute: number;
}

/** RFC 9457 */
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
}
