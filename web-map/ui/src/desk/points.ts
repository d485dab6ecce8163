import { ApiError, api, isAbort } from '../api/client';
import { type Filter, query, type Window } from '../api/filter';
import type { Complaint, Sensor } from '../api/wire';
import { word } from '../i18n/words';
import type { HeatMap } from '../map/heat-map';
import type { PointMark } from '../map/points';
import type { Selection, View } from '../state/view';
import type { Texts } from '../texts';

/** Complaints are told one by one from this zoom on: a view of some streets. */
export const POINTS_ZOOM = 13;
/** Most complaints on the map at once: the API's largest page. */
const COMPLAINTS_MAX = 1000;
/** Moves of the map in a row ask once, after so many milliseconds. */
const REST = 250;
/** Values of sensors are asked for again so often, in milliseconds. */
const FOLLOW_EVERY = 30_000;

export interface PointsQuestion {
  view: View;
  filter: Filter;
  window: Window;
  texts: Texts;
}

/** Where what a dot stands for is chosen from its key. */
export function chosenBy(kind: string, key: string): Selection | null {
  if (kind === 'sensors') return { sensor: key };
  const [source, id] = JSON.parse(key) as [string, string];
  return { complaint: { source, id } };
}

/** A complaint as a dot; null without a position. */
export function complaintMark(
  { lon, lat, source, id, category, status, requested_at }: Complaint,
  texts: Texts,
): PointMark | null {
  if (lon === null || lat === null) return null;
  const said = [
    category ?? texts.t('filter.none'),
    status ? word(status, texts.lang) : null,
    texts.dateTime(Date.parse(requested_at)),
  ];
  return { lon, lat, key: JSON.stringify([source, id]), text: said.filter(Boolean).join(' · ') };
}

/** A sensor as a dot, with its latest values; null without a position. */
export function sensorMark({ sensor, lon, lat, datastreams }: Sensor, texts: Texts): PointMark | null {
  if (lon === null || lat === null) return null;
  const values = datastreams
    .slice(0, 4)
    .map(one => `${one.property ?? one.datastream} ${texts.rate(one.result)} ${one.unit ?? ''}`.trim());
  return { lon, lat, key: sensor, text: [sensor, ...values].join(' · ') };
}

/** The sensors, and where the map looks close enough the complaints of the view, one by one. */
export class Points {
  readonly #map: HeatMap;
  readonly #ask: () => PointsQuestion;
  /** Tells the reader why something is not there, or not whole; null when all is. */
  readonly #say: (note: string | null) => void;
  #abort = new AbortController();
  #soon: ReturnType<typeof setTimeout> | undefined;
  #sensorsAt = 0;

  constructor(map: HeatMap, ask: () => PointsQuestion, say: (note: string | null) => void) {
    this.#map = map;
    this.#ask = ask;
    this.#say = say;
    map.map.on('moveend', () => {
      if (ask().view.points) this.later();
    });
    setInterval(() => {
      if (ask().view.sensors && !document.hidden) this.later();
    }, FOLLOW_EVERY);
  }

  /** Asks once for a row of changes. */
  later(): void {
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => void this.load(), REST);
  }

  async load(): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    try {
      await Promise.all([this.#sensors(signal), this.#complaints(signal)]);
    } catch (error) {
      if (isAbort(error) || !(error instanceof ApiError)) return;
      this.#say(error.status === 403 ? this.#ask().texts.t('layer.pointsRefused') : error.message);
    }
  }

  async #sensors(signal: AbortSignal): Promise<void> {
    const { view, texts } = this.#ask();
    if (!view.sensors || view.panel !== 'explore') {
      this.#sensorsAt = 0;
      return this.#map.points.show('sensors', null);
    }
    // Where they stand does not hang on the view: a move of the map need not ask.
    if (performance.now() - this.#sensorsAt < FOLLOW_EVERY - 1000 && this.#sensorsAt > 0) return;
    const { sensors } = await api.sensors(signal);
    if (signal.aborted) return;
    this.#sensorsAt = performance.now();
    this.#map.points.show(
      'sensors',
      sensors.flatMap(one => sensorMark(one, texts) ?? []),
    );
  }

  async #complaints(signal: AbortSignal): Promise<void> {
    const { view, filter, window, texts } = this.#ask();
    if (!view.points || view.panel !== 'explore') {
      this.#say(null);
      return this.#map.points.show('complaints', null);
    }
    if (this.#map.camera.zoom < POINTS_ZOOM) {
      this.#map.points.show('complaints', null);
      return this.#say(texts.t('layer.pointsZoom'));
    }
    const params = query(filter, window, { limit: COMPLAINTS_MAX, bbox: this.#map.bbox().join(',') });
    const { complaints, next } = await api.complaints(params, signal);
    if (signal.aborted) return;
    this.#map.points.show(
      'complaints',
      complaints.flatMap(one => complaintMark(one, texts) ?? []),
    );
    this.#say(next ? texts.t('layer.pointsMore', { n: texts.whole(complaints.length) }) : null);
  }
}
