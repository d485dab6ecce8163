import { api } from '../api/client';
import { query, type Window } from '../api/filter';
import type { City } from '../api/wire';
import type { Overlay } from '../map/overlay';
import { classCounts, classOf, divergingScale, fixed, type Scale, scaleFor } from '../map/scale';
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
  era: Era;
  city: City;
  texts: Texts;
  names: AreaNames;
}

/** What can be painted for a layer: rates by residents need areas, significance needs cells. */
export function measuresFor(layer: string): Measure[] {
  return layer === 'cells' ? ['count', 'per_km2', 'change', 'z'] : ['count', 'per_km2', 'per_10k', 'change'];
}

/** The measure in force: one that the layer has. */
export function measureOf({ layer, measure }: View): Measure {
  return measuresFor(layer).includes(measure) ? measure : 'count';
}

/** Are two times side by side under a line? Cells only: areas have their difference. */
export function isSwiped(view: View): boolean {
  return view.layer === 'cells' && view.swipe && measureOf(view) === 'change';
}

/** Does the live heat map of cells show what is asked for? */
export function isPlain(view: View): boolean {
  return (view.layer === 'cells' && measureOf(view) === 'count') || isSwiped(view);
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
  const { view, texts, names } = input;
  if (isPlain(view)) return null;
  const measure = measureOf(view);
  const [values] = await Promise.all([valuesOf(input, measure, signal), names.all()]);
  const numbers = [...values.values()];
  const scale = scaleOf(numbers, measure, view);
  const counts = classCounts(scale, numbers);
  const word = texts.t(`legend.of.${measure}`);
  const painted = [...values].flatMap(([id, value]) => {
    const colour = scale.colours[classOf(scale, value)];
    return colour ? [{ id, colour, text: `${word} ${signed(value, measure, texts)}` }] : [];
  });
  const isCells = view.layer === 'cells';
  return {
    title: `${isCells ? texts.t('layer.cells') : names.level(view.layer, texts.lang)} · ${word}`,
    cells: isCells ? painted.map(({ id, ...rest }) => ({ cell: id, ...rest })) : [],
    areas: isCells
      ? []
      : painted.map(({ id, colour, text }) => ({
          level: view.layer,
          id,
          colour,
          text: `${names.name(view.layer, id, texts.lang)} · ${text}`,
        })),
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
  const count = async (when: Window, asked: string) => {
    if (view.layer === 'cells') {
      const params = query(view.filter, when, { resolution, measure: asked });
      return new Map((await api.cells(params, signal)).cells);
    }
    const params = query(view.filter, when, { level: view.layer, measure: asked });
    const { areas } = await api.areas(params, signal);
    return new Map(areas.flatMap(({ id, value }) => (value === null ? [] : [[id, value] as const])));
  };
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
