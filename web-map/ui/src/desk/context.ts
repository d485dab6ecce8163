import type { ApiError } from '../api/client';
import type { Window } from '../api/filter';
import type { Areas, Breakdown, City, Breakdown as Facet, Series, Totals } from '../api/wire';
import type { LiveState } from '../live/stream';
import type { Overlay } from '../map/overlay';
import type { Scale } from '../map/scale';
import type { Store } from '../state/store';
import type { Camera, Selection, View } from '../state/view';
import type { Texts } from '../texts';
import type { Domain, Era } from '../time/choice';
import type { Clock } from '../time/clock';
import type { Player, Step } from '../time/playback';
import type { Zone } from '../time/zone';
import type { AreaNames } from './area-names';

/** What the server has answered so far to the view. */
export interface DeskData {
  /** Resolution of `cells`. */
  resolution: number;
  /** Value by cell; changed in place by live deltas, `beat` then counts up. */
  cells: ReadonlyMap<string, number>;
  beat: number;
  totals: Totals | null;
  /** True while the figures belong to an earlier question. */
  pending: boolean;
  scale: Scale | null;
  live: LiveState | 'off';
  freshness: { receivedAt: number | null; perMinute: number } | null;
  domain: Domain | null;
  series: Series | null;
  facets: Partial<Record<FacetName, Facet>>;
  /** Areas of the largest level. */
  ranking: Areas | null;
  /** Categories of the whole filter, for the overview. */
  topCategories: Breakdown | null;
  trouble: ApiError | null;
  playing: boolean;
  step: Step;
  /** What an analysis or a query has put on the map instead of the counts. */
  overlay: Overlay | null;
  /** The row of the overlay that was clicked on the map. */
  picked: string | null;
  /** Why dots are not on the map, or not all of them. */
  pointsNote: string | null;
}

export type FacetName = 'top_category' | 'category' | 'channel' | 'status' | 'urgency';

/** What every panel of the desk works with. */
export interface DeskContext {
  city: City;
  zone: Zone;
  clock: Clock;
  texts: Texts;
  names: AreaNames;
  view: Store<View>;
  data: Store<DeskData>;
  player: Player;
  actions: Actions;
}

/** What panels ask the desk to do. */
export interface Actions {
  /** The times that the city has, as of now. */
  era(): Era;
  /** The window that the view means now. */
  window(): Window;
  /** Makes the colour scale anew from what is shown. */
  rescale(): void;
  /** Moves the window by one step; resolves to false at the end of the histogram. */
  step(count: 1 | -1): Promise<boolean>;
  togglePlay(): void;
  reconnect(): void;
  /** Shows an area of that size around a position, in degrees and km². */
  zoomTo(lon: number, lat: number, km2: number): void;
  /** Zoom levels in, out when negative. */
  zoomBy(step: number): void;
  fitCity(): void;
  goTo(camera: Camera): void;
  /** Puts something else than counts on the map, or takes it off again. */
  overlay(overlay: Overlay | null): void;
  /** Outlines a place without choosing it. */
  point(place: Selection | null): void;
  /** The map as it is drawn now, to be copied at once; null without a map. */
  snapshot(): HTMLCanvasElement | null;
  /** Milliseconds since the last live event. */
  silence(): number;
}

/** A part of the page: puts its elements in place, and `dispose` undoes it. */
export interface Panel {
  element: HTMLElement;
  dispose(): void;
}
