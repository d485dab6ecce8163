import { type AreaRef, EVERYTHING, type Filter } from '../api/filter';
import type { Lang } from '../i18n/i18n';
import type { Method } from '../map/scale';
import type { Span, TimeChoice } from '../time/choice';

/** What the reader looks at; all of it is in the address of the page. */
export interface View {
  lang: Lang;
  /** Which of the page's work places is open beside the map. */
  panel: PanelName;
  filter: Filter;
  time: TimeChoice;
  /** How much time the histogram spans; null = what suits `time`. */
  span: Span | null;
  selection: Selection | null;
  /** What is painted: `cells`, `aligned` (their parts by area), or the areas of a level. */
  layer: string;
  measure: Measure;
  /** Which earlier time the window is compared with. */
  compare: Compare;
  /** Both times side by side under one slider instead of their difference. */
  swipe: boolean;
  /** How the classes of the colour scale are made. */
  method: Method;
  /** Class bounds that are fixed, whatever is shown; null = made from the values. */
  breaks: readonly number[] | null;
  /** Are the sensors on the map? */
  sensors: boolean;
  /** Are complaints on the map one by one, where it looks close enough? */
  points: boolean;
  /** Where the map looks; null = the whole city. */
  camera: Camera | null;
  /** The analysis that is open, and its parameters that differ from the defaults. */
  analysis: AnalysisChoice;
  /** The text in the SQL console. */
  sql: string;
}

export const PANELS = ['explore', 'analyse', 'sql', 'alerts', 'feeds'] as const;
export type PanelName = (typeof PANELS)[number];

export const MEASURES = ['count', 'per_km2', 'per_10k', 'change', 'z'] as const;
export type Measure = (typeof MEASURES)[number];

export const COMPARES = ['none', 'before', 'week', 'year'] as const;
export type Compare = (typeof COMPARES)[number];

export interface AnalysisChoice {
  name: string;
  args: Readonly<Record<string, string>>;
}

export type Selection =
  | { cell: string }
  | { area: AreaRef }
  | { sensor: string }
  | { complaint: ComplaintRef };

/** A complaint by its source and its id within it. */
export interface ComplaintRef {
  source: string;
  id: string;
}

/** Longitude and latitude of the map's centre in degrees, and its zoom. */
export interface Camera {
  lon: number;
  lat: number;
  zoom: number;
}

export function firstView(lang: Lang): View {
  return {
    lang,
    panel: 'explore',
    filter: EVERYTHING,
    time: { preset: '7d' },
    span: null,
    selection: null,
    layer: 'cells',
    measure: 'count',
    compare: 'none',
    swipe: false,
    method: 'geometric',
    breaks: null,
    sensors: false,
    points: false,
    camera: null,
    analysis: { name: 'hotspots', args: {} },
    sql: '',
  };
}
