import { api, isAbort } from '../api/client';
import { query } from '../api/filter';
import type { Complaint } from '../api/wire';
import { fold, weekGrid } from '../charts/week-grid';
import type { DeskContext } from '../desk/context';
import { h } from '../dom';
import { areaName } from '../i18n/i18n';
import { resolutionOf } from '../map/resolution';
import { latest } from '../time/choice';
import { DAY } from '../time/zone';
import { type Bar, bars } from './bars';
import type { Ground } from './selection';

/** The rhythm looks back at most so far: hours of many years are no clearer. */
const LOOK_BACK = 56 * DAY;
/** The latest complaints among which places that come again are looked for, and how many places are told. */
const LOOKED_AT = 500;
const LISTED = 6;

/** Addresses that come more than once among complaints, the most frequent first. */
export function repeats(
  complaints: readonly Pick<Complaint, 'address'>[],
): [address: string, times: number][] {
  const times = new Map<string, number>();
  for (const { address } of complaints) if (address) times.set(address, (times.get(address) ?? 0) + 1);
  return [...times]
    .filter(([, n]) => n > 1)
    .sort(([one, n], [other, m]) => m - n || one.localeCompare(other))
    .slice(0, LISTED);
}

/** What surrounds a cell or an area in time and place: the rhythm of its week, places that come again, its neighbours. */
export async function around(
  context: DeskContext,
  chosen: Ground,
  params: URLSearchParams,
  signal: AbortSignal,
): Promise<HTMLElement[]> {
  const { texts, zone, actions } = context;
  const t = texts.t.bind(texts);
  const at = (more: Record<string, string | number>) => {
    const asked = new URLSearchParams(params);
    for (const [name, value] of Object.entries(more)) asked.set(name, String(value));
    return asked;
  };
  const { from, to } = actions.window();
  const end = to ?? latest(actions.era());
  const start = Math.max(from ?? 0, end - LOOK_BACK);
  const nothing = (error: unknown) => {
    if (isAbort(error)) throw error;
    return null;
  };
  const [series, page, neighbours] = await Promise.all([
    api
      .series(
        at({ bin: 'hour', from: new Date(start).toISOString(), to: new Date(end).toISOString() }),
        signal,
      )
      .catch(nothing),
    api.complaints(at({ limit: LOOKED_AT }), signal).catch(nothing),
    ('cell' in chosen ? aroundCell(context, chosen.cell) : aroundArea(context, chosen, signal)).catch(
      nothing,
    ),
  ]);
  const again = repeats(page?.complaints ?? []);
  const section = (title: string, name: string, body: HTMLElement) =>
    h('section', { 'data-around': name }, h('h3', {}, title), body);
  const list = (rows: Bar[]) => bars(rows, value => texts.whole(value));
  return [
    series
      ? section(t('panel.rhythm'), 'rhythm', weekGrid(fold(series.series, zone), texts, t('panel.rhythm')))
      : null,
    again.length > 0
      ? section(t('panel.repeat'), 'repeat', list(again.map(([label, value]) => ({ label, value }))))
      : null,
    neighbours && neighbours.length > 0
      ? section(t('panel.neighbours'), 'neighbours', list(neighbours))
      : null,
  ].filter(part => part !== null);
}

/** The six cells around, as the map counts them now; none where it shows another resolution. */
async function aroundCell({ data, view, texts }: DeskContext, cell: string): Promise<Bar[]> {
  const { cells, resolution } = data.value;
  if (resolution !== resolutionOf(cell)) return [];
  const { gridDisk } = await import('h3-js');
  return gridDisk(cell, 1)
    .filter(other => other !== cell)
    .map(other => ({
      label: `${texts.t('search.cell')} ${other.replace(/f+$/, '')}`,
      value: cells.get(other) ?? 0,
      onclick: () => view.update({ selection: { cell: other } }),
    }))
    .sort((one, other) => other.value - one.value);
}

/** The other areas of the same larger area, the fullest first. */
async function aroundArea(
  { actions, view, texts }: DeskContext,
  { area: { level, id } }: Extract<Ground, { area: unknown }>,
  signal: AbortSignal,
): Promise<Bar[]> {
  const { areas } = await api.areas(query(view.value.filter, actions.window(), { level }), signal);
  const parent = areas.find(area => area.id === id)?.parent ?? null;
  return areas
    .filter(area => area.id !== id && area.parent === parent && area.lon !== null)
    .sort((one, other) => other.records - one.records)
    .slice(0, LISTED)
    .map(area => ({
      label: areaName(area, texts.lang),
      value: area.records,
      onclick: () => view.update({ selection: { area: { level, id: area.id } } }),
    }));
}
