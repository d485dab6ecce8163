import { api } from '../api/client';
import { query, type Window } from '../api/filter';
import type { City } from '../api/wire';
import type { Overlay } from '../map/overlay';
import { classCounts, classOf, divergingScale, fixed, type Scale, scaleFor } from '../map/scale';
import { alignedZoom } from '../map/style';
import type { Measure, View } from '../state/view';
import type { Texts } from '../texts';
import { type Era, latest } from '../time/choice';
import type { AreaNames } from './area-names';

/** Bounds of z at which hot and cold spots are told apart: 90, 95 and 99 % of the normal distribution. */
const Z_STEPS = [1.645, 1.96, 2.576] as const;

export interface MeasureInput {
  view: View;
  window: Window;
  resolution: number;
  /** The map's zoom and what it shows: west, south, east, north in degrees. */
  zoom: number;
  bbox: readonly [number, number, number, number];
  era: Era;
  city: City;
  texts: Texts;
  names: AreaNames;
}

/** Length of a cell in hex text. */
const CELL = 15;
/** Most aligned cells on the map at once. */
const ALIGNED_MAX = 20_000;

/** What can be painted for a layer: rates by residents need areas, significance needs cells, parts of cells have counts alone. */
export function measuresFor(layer: string): Measure[] {
  if (layer === 'aligned') return ['count', 'change'];
  return layer === 'cells' ? ['count', 'per_km2', 'change', 'z'] : ['count', 'per_km2', 'per_10k', 'change'];
}

/** The measure in force: one that the layer has. */
export function measureOf({ layer, measure }: View): Measure {
  return measuresFor(layer).includes(measure) ? measure : 'count';
}

/** Can two times of the layer be put side by side? */
export function canSwipe(view: View): boolean {
  return view.layer !== 'aligned' && measureOf(view) === 'change';
}

/** Are two times side by side under a line? */
export function isSwiped(view: View): boolean {
  return view.swipe && canSwipe(view);
}

/** Does the live heat map of cells show what is asked for? */
export function isPlain(view: View): boolean {
  return view.layer === 'cells' && (measureOf(view) === 'count' || isSwiped(view));
}

/** The same length of time before, a week or a year earlier by the city's calendar. */
export function earlier({ from, to }: Window, compare: View['compare'], era: Era): Window {
  const end = to ?? latest(era);
  const start = from ?? era.range?.from ?? end;
  if (compare === 'week') return { from: era.zone.addDays(start, -7), to: era.zone.addDays(end, -7) };
  if (compare === 'year') {
    const shift = (at: number) => {
      const wall = era.zone.wall(at);
      return era.zone.instant(wall.year - 1, wall.month, wall.day, wall.hour, wall.minute, wall.second);
    };
    return { from: shift(start), to: shift(end) };
  }
  return { from: start - (end - start), to: start };
}

/** Asks for the values of the layer and the measure, and colours them; null where the live map shows it already. */
export async function measureLayer(input: MeasureInput, signal: AbortSignal): Promise<Overlay | null> {
  const { view, city, texts, names } = input;
  if (isPlain(view)) return null;
  const measure = measureOf(view);
  if (view.layer === 'aligned' && input.zoom < alignedZoom(city)) {
    return { ...overlayOf(input, new Map(), measure), note: texts.t('layer.alignedZoom') };
  }
  const [values] = await Promise.all([valuesOf(input, measure, signal), names.all()]);
  const overlay = overlayOf(input, values, measure);
  return view.layer === 'aligned' && values.size >= ALIGNED_MAX
    ? { ...overlay, note: texts.t('layer.alignedMore', { n: texts.whole(ALIGNED_MAX) }) }
    : overlay;
}

/** The areas of both times, counted and coloured by one scale, to be put side by side. */
export async function swipedAreas(
  input: MeasureInput,
  signal: AbortSignal,
): Promise<{ now: Overlay; before: Overlay; total: number }> {
  const { view, window, era, names } = input;
  const [now, before] = await Promise.all([
    countOf(input, window, 'count', signal),
    countOf(input, earlier(window, view.compare, era), 'count', signal),
    names.all(),
  ]);
  const scale = scaleOf([...now.values(), ...before.values()].filter(Boolean), 'count', view);
  return {
    now: overlayOf(input, now, 'count', scale),
    before: overlayOf(input, before, 'count', scale),
    total: [...before.values()].reduce((sum, value) => sum + value, 0),
  };
}

/** Values in the colours of a scale, of their own one where none is given. */
function overlayOf(
  { view, texts, names }: MeasureInput,
  values: ReadonlyMap<string, number>,
  measure: Measure,
  given?: Scale,
): Overlay {
  const numbers = [...values.values()];
  const scale = given ?? scaleOf(numbers, measure, view);
  const counts = classCounts(scale, numbers);
  const word = texts.t(`legend.of.${measure}`);
  const painted = [...values].flatMap(([id, value]) => {
    const colour = scale.colours[classOf(scale, value)];
    return colour ? [{ id, colour, text: `${word} ${signed(value, measure, texts)}` }] : [];
  });
  const { layer } = view;
  const isOfAreas = layer !== 'cells' && layer !== 'aligned';
  const named = isOfAreas ? names.level(layer, texts.lang) : texts.t(`layer.${layer as 'cells' | 'aligned'}`);
  return {
    title: `${named} · ${word}`,
    cells: layer === 'cells' ? painted.map(({ id, ...rest }) => ({ cell: id, ...rest })) : [],
    areas: isOfAreas
      ? painted.map(({ id, colour, text }) => ({
          level: layer,
          id,
          colour,
          text: `${names.name(layer, id, texts.lang)} · ${text}`,
        }))
      : [],
    aligned:
      layer === 'aligned'
        ? painted.map(({ id, ...rest }) => ({ cell: id.slice(0, CELL), area: id.slice(CELL + 1), ...rest }))
        : [],
    points: [],
    legend: scale.breaks.map((bound, i) => ({
      colour: scale.colours[i] ?? '',
      label: Number.isFinite(bound)
        ? `≥ ${signed(bound, measure, texts)}`
        : texts.t('legend.below', { n: signed(scale.breaks[1] ?? 0, measure, texts) }),
      count: counts[i] ?? 0,
    })),
    breaks: scale.breaks.filter(Number.isFinite),
  };
}

function signed(value: number, measure: Measure, texts: Texts): string {
  const text = texts.rate(value);
  return (measure === 'change' || measure === 'z') && value > 0 ? `+${text}` : text;
}

function scaleOf(values: readonly number[], measure: Measure, view: View): Scale {
  if (measure === 'z') return divergingScale(values, Z_STEPS);
  if (measure === 'change') return divergingScale(values);
  return view.breaks ? fixed(view.breaks) : scaleFor(values, view.method);
}

async function valuesOf(
  input: MeasureInput,
  measure: Measure,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const { view, window, resolution, era } = input;
  const count = (when: Window, asked: string) => countOf(input, when, asked, signal);
  if (measure === 'z') {
    const params = query(view.filter, window, { resolution: Math.min(resolution, 8) });
    const { rows } = await api.analysis('/v1/hotspots', params, signal);
    return new Map(
      rows.flatMap(row => (typeof row.z === 'number' ? [[String(row.cell), row.z] as const] : [])),
    );
  }
  if (measure !== 'change') return count(window, measure);
  const [now, before] = await Promise.all([
    count(window, 'count'),
    count(earlier(window, view.compare, era), 'count'),
  ]);
  const all = new Set([...now.keys(), ...before.keys()]);
  return new Map([...all].map(id => [id, (now.get(id) ?? 0) - (before.get(id) ?? 0)]));
}

/** Values of the layer's cells or areas for a time. */
async function countOf(
  { view, resolution, bbox }: MeasureInput,
  when: Window,
  measure: string,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  if (view.layer === 'cells') {
    const params = query(view.filter, when, { resolution, measure });
    return new Map((await api.cells(params, signal)).cells);
  }
  if (view.layer === 'aligned') {
    const params = query(view.filter, when, { bbox: bbox.join(','), limit: ALIGNED_MAX });
    const { aligned } = await api.aligned(params, signal);
    return new Map(aligned.map(([cell, area, value]) => [`${cell}/${area}`, value]));
  }
  const params = query(view.filter, when, { level: view.layer, measure });
  const { areas } = await api.areas(params, signal);
  return new Map(areas.flatMap(({ id, value }) => (value === null ? [] : [[id, value] as const])));
}
