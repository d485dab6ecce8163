/**
 * The shapes that the server sends, under the page's names: `api.gen.ts` is made from the server's own OpenAPI
 * document (`make api`). Positions are longitude, latitude in WGS 84 degrees; instants are RFC 3339 text; cells are
 * lower-case hex text, because a cell id does not fit a JavaScript number.
 */
import type { components } from './api.gen';

type Schemas = components['schemas'];

export type City = Schemas['City'];
export type Level = Schemas['CityLevel'];
export type Cells = Schemas['Cells'];
export type Areas = Schemas['Areas'];
export type AreaValue = Schemas['Area'];
export type Series = Schemas['Series'];
export type Bin = Schemas['BinWord'];
export type Breakdown = Schemas['Breakdown'];
export type BreakdownBy = Schemas['ByWord'];
export type Complaint = Schemas['Complaint'];
export type ComplaintPage = Schemas['Complaints'];
export type LiveSnapshot = Schemas['LiveSnapshot'];
export type LiveCells = Schemas['LiveCells'];
export type LiveAreas = Schemas['LiveAreas'];
export type Freshness = Schemas['Freshness'];
export type Alert = Schemas['Alert'];
export type AlertList = Schemas['AlertList'];
export type LiveAlerts = Schemas['LiveAlerts'];
export type RuleEntry = Schemas['RuleEntry'];
export type RuleList = Schemas['RuleList'];
export type Analysis = Schemas['Analysis'];
export type SqlAnswer = Schemas['SqlAnswer'];
export type SqlRequest = { sql: string; params?: unknown[] };
export type Search = Schemas['Search'];
export type KeyList = Schemas['KeyList'];
export type KeyShown = Schemas['KeyShown'];
export type KeyMade = Schemas['KeyMade'];
export type Session = Schemas['Session'];
export type RuleTested = Schemas['RuleTested'];
export type Sensors = Schemas['Sensors'];
export type SensorObservation = Schemas['SensorObservation'];
export type SensorObservations = Schemas['SensorObservations'];
export type AlignedCells = Schemas['AlignedCells'];
export type FeedList = Schemas['FeedList'];
export type FeedHealth = Schemas['FeedHealth'];
export type FeedDetail = Schemas['FeedDetail'];
export type StreamHealth = Schemas['StreamHealth'];
export type RejectedRows = Schemas['RejectedRows'];
export type RejectedRow = Schemas['RejectedRow'];
export type Replayed = Schemas['Replayed'];
export type Sensor = Schemas['Sensor'];
export type ComplaintDetail = Schemas['ComplaintDetail'];
export type Problem = Schemas['Problem'];

/**
 * How the complaints of an answer split: `total` = `located` + `outside` + `not_located`. Of the located, `area_only` are known by
 * their area alone: areas count them, cells do not.
 */
export type Totals = Pick<Cells, 'seq' | 'total' | 'located' | 'area_only' | 'outside' | 'not_located'>;
export type CellValue = [cell: string, value: number];
