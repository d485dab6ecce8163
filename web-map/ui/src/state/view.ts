import { type AreaRef, EVERYTHING, type Filter } from '../api/filter';
import type { Lang } from '../i18n/i18n';
import type { Method } from '../map/scale';
import type { Span, TimeChoice } from '../time/choice';

/** What the reader looks at; all of it is in the address of the page. */
export interface View {
  lang: Lang;
  filter: Filter;
  time: TimeChoice;
  /** How much time the histogram spans; null = what suits `time`. */
  span: Span | null;
  selection: Selection | null;
  /** How the classes of the colour scale are made. */
  method: Method;
  /** Where the map looks; null = the whole city. */
  camera: Camera | null;
}

export type Selection = { cell: string } | { area: AreaRef };

/** Longitude and latitude of the map's centre in degrees, and its zoom. */
export interface Camera {
  lon: number;
  lat: number;
  zoom: number;
}

export function firstView(lang: Lang): View {
  return {
    lang,
    filter: EVERYTHING,
    time: { preset: '7d' },
    span: null,
    selection: null,
    method: 'geometric',
    camera: null,
  };
}
