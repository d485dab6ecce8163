import { ApiError, api, isAbort } from '../api/client';
import { query, type Window } from '../api/filter';
import type { AreaValue, Bin, Breakdown, Complaint, ComplaintPage, Series } from '../api/wire';
import type { DeskContext, Panel } from '../desk/context';
import { h, ICONS, icon } from '../dom';
import { areaName, pick } from '../i18n/i18n';
import { word } from '../i18n/words';
import { resolutionOf } from '../map/resolution';
import type { Selection } from '../state/view';
import { latest } from '../time/choice';
import { DAY } from '../time/zone';
import { around } from './around';
import { type Bar, bars } from './bars';
import { frame } from './frame';
import { sparkline } from './sparkline';

const RECENT = 20;
/** While live, an open panel follows at most this often, in milliseconds. */
const FOLLOW_EVERY = 3000;

interface Facts {
  count: number;
  total: number;
  perKm2: number;
  area: AreaValue | null;
  categories: Breakdown;
  trend: Series;
  complaints: ComplaintPage;
}

/** A cell or an area. */
export type Ground = Extract<Selection, { cell: string } | { area: unknown }>;

/** One cell or area in numbers: count, rates, share, categories, trend and its latest complaints. */
export function selection(context: DeskContext, chosen: Ground): Panel {
  const { city, texts, view, data, actions } = context;
  const t = texts.t.bind(texts);
  const title = h('h2', { class: 'wrap', dir: 'auto' }, 'cell' in chosen ? t('panel.cell') : chosen.area.id);
  const subtitle = h(
    'p',
    { class: 'muted' },
    'cell' in chosen ? cellText(chosen.cell) : levelText(chosen.area.level),
  );
  const { element, body } = frame(context, 'cell' in chosen ? chosen.cell : chosen.area.id, title, subtitle);
  let abort = new AbortController();

  function cellText(cell: string): string {
    return `${t('panel.cellOf', { n: resolutionOf(cell) })} · ${cell}`;
  }
  function levelText(level: string): string {
    const known = city.levels.find(one => one.level === level);
    return known ? pick(known.names, texts.lang, level) : level;
  }

  /** Rhythm, places that come again and neighbours: asked once for a question, not at each live change. */
  let surroundings: HTMLElement[] = [];
  let aroundAbort = new AbortController();
  const loadAround = async () => {
    aroundAbort.abort();
    aroundAbort = new AbortController();
    const { signal } = aroundAbort;
    const params = placeQuery(context, chosen, actions.window(), {});
    const found = await around(context, chosen, params, signal).catch(() => []);
    if (signal.aborted) return;
    for (const old of surroundings) old.remove();
    surroundings = found;
    if (body.querySelector('.big-figures')) body.append(...surroundings);
  };

  const load = async () => {
    abort.abort();
    abort = new AbortController();
    try {
      draw(await ask(context, chosen, abort.signal));
    } catch (error) {
      if (isAbort(error)) return;
      body.replaceChildren(
        h('p', { class: 'refused', role: 'alert' }, (error as Error).message || t('state.down')),
      );
    }
  };

  const draw = ({ count, total, perKm2, area, categories, trend, complaints }: Facts) => {
    if (area) title.textContent = areaName(area, texts.lang);
    if (area?.population) {
      subtitle.textContent = `${levelText(trendLevel())} · ${t('panel.residents', { n: texts.whole(area.population) })}`;
    }
    const per10k = area?.population ? texts.rate((count / area.population) * 10_000) : null;
    const parts = [
      h(
        'dl',
        { class: 'big-figures' },
        figure('count', texts.whole(count), t('panel.count')),
        figure('per_km2', texts.rate(perKm2), t('panel.perKm2')),
        area && figure('per_10k', per10k ?? '–', per10k ? t('panel.per10k') : t('panel.noPopulation')),
        figure('share', texts.percent(count, total), t('panel.share')),
      ),
      area && areaTools(area),
      h(
        'section',
        {},
        h('h3', {}, t('panel.trend'), h('span', { class: 'unit' }, t(`time.bin.${trend.bin}`))),
        trendOf(trend),
      ),
      h('section', {}, h('h3', {}, t('panel.categories')), categoryBars(categories)),
      h('section', {}, h('h3', {}, t('panel.complaints')), complaintList(complaints)),
    ];
    body.replaceChildren(...parts.filter(part => part !== null), ...surroundings);
  };
  const trendLevel = () => ('cell' in chosen ? '' : chosen.area.level);

  const trendOf = ({ series, bin }: Series) =>
    sparkline(
      series,
      start => dateLabel(start, bin),
      value => t('panel.peak', { n: texts.whole(value) }),
    );
  const dateLabel = (start: string, bin: Bin) =>
    bin === 'hour' ? texts.dateTime(Date.parse(start)) : texts.date(Date.parse(start));
  const categoryBars = ({ groups, other, total }: Breakdown) => {
    const rows: Bar[] = groups.map(({ key, value }) => ({
      label: key === null ? t('filter.none') : word(key, texts.lang),
      value,
    }));
    if (other > 0) rows.push({ label: t('panel.other'), value: other, rest: true });
    return bars(
      rows.map(row => ({ ...row, note: texts.percent(row.value, total) })),
      value => texts.whole(value),
    );
  };
  // An area of earlier boundaries has no place on today's map.
  const zoomButton = ({ lon, lat, area_km2: km2 }: AreaValue) =>
    lon === null || lat === null || km2 === null
      ? []
      : [
          h(
            'button',
            { type: 'button', class: 'button small', onclick: () => actions.zoomTo(lon, lat, km2) },
            icon(ICONS.target),
            t('panel.zoomTo'),
          ),
        ];
  const areaTools = (area: AreaValue) =>
    h(
      'div',
      { class: 'row' },
      h(
        'button',
        {
          type: 'button',
          class: 'button small',
          onclick: () => {
            if ('area' in chosen) view.update({ filter: { ...view.value.filter, area: chosen.area } });
          },
        },
        icon(ICONS.funnel),
        t('panel.useAsFilter'),
      ),
      ...zoomButton(area),
    );

  const complaintList = (page: ComplaintPage): HTMLElement => {
    const list = h(
      'ul',
      { class: 'complaints' },
      ...page.complaints.map(complaint => complaintRow(complaint)),
    );
    const holder = h('div', {}, list);
    if (page.complaints.length === 0) holder.append(h('p', { class: 'muted' }, t('panel.noComplaints')));
    let next = page.next;
    const more = h(
      'button',
      {
        type: 'button',
        class: 'button small',
        onclick: async () => {
          if (!next) return;
          const params = placeQuery(context, chosen, actions.window(), { limit: RECENT, cursor: next });
          const page = await api.complaints(params).catch(() => null);
          next = page?.next ?? null;
          list.append(...(page?.complaints ?? []).map(complaint => complaintRow(complaint)));
          more.hidden = !next;
        },
      },
      t('panel.more'),
    );
    more.hidden = !next;
    holder.append(more);
    return holder;
  };
  const complaintRow = ({ id, source, category, status, requested_at, channel }: Complaint) =>
    h(
      'li',
      {},
      h(
        'button',
        {
          type: 'button',
          class: 'what link',
          dir: 'auto',
          onclick: () => view.update({ selection: { complaint: { source, id } } }),
        },
        category ?? t('filter.none'),
      ),
      h('span', { class: 'state' }, status ? word(status, texts.lang) : ''),
      h('time', { datetime: requested_at }, texts.dateTime(Date.parse(requested_at))),
      h(
        'span',
        { class: 'id', title: id },
        [channel ? word(channel, texts.lang) : null, id].filter(Boolean).join(' · '),
      ),
    );

  void load();
  void loadAround();
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const soon = (delay: number) => {
    waiting ??= setTimeout(() => {
      waiting = undefined;
      void load();
    }, delay);
  };
  const stops = [
    view.watch((now, before) => {
      if ((now.filter === before.filter && now.time === before.time) || data.value.playing) return;
      soon(150);
      void loadAround();
    }),
    data.watch((now, before) => {
      if (before.playing && !now.playing) {
        soon(150);
        void loadAround();
      }
      if (now.live === 'live' && now.totals !== before.totals) soon(FOLLOW_EVERY);
    }),
  ];
  return {
    element,
    dispose: () => {
      clearTimeout(waiting);
      abort.abort();
      aroundAbort.abort();
      for (const stop of stops) stop();
    },
  };
}

function figure(name: string, value: string, label: string): HTMLElement {
  return h('div', {}, h('dt', {}, label), h('dd', { 'data-fact': name }, value));
}

/** The view's filter narrowed to the place. */
function placeQuery(
  { view }: DeskContext,
  chosen: Ground,
  window: Window,
  more: Record<string, string | number>,
): URLSearchParams {
  const params = query(view.value.filter, window, more);
  if ('cell' in chosen) params.set('cell', chosen.cell);
  else params.set('area', `${chosen.area.level}:${chosen.area.id}`);
  return params;
}

async function ask(context: DeskContext, chosen: Ground, signal: AbortSignal): Promise<Facts> {
  const { actions, data } = context;
  const window = actions.window();
  const at = (more: Record<string, string | number>, when = window) =>
    placeQuery(context, chosen, when, more);
  const era = actions.era();
  // A trend needs some past: at least eight weeks before the end of the window.
  const end = window.to ?? latest(era);
  const start = Math.min(window.from ?? era.range?.from ?? end, end - 56 * DAY);
  const bin: Bin = end - start > 200 * DAY ? 'week' : 'day';
  const [place, categories, trend, complaints] = await Promise.all([
    'cell' in chosen
      ? cellFacts(context, chosen.cell, window, signal)
      : areaFacts(context, chosen, window, signal),
    api.breakdown(at({ by: 'category', limit: 8 }), signal),
    api.series(at({ bin }, { from: start, to: end }), signal),
    // A role that may not see them one by one still has the figures.
    api.complaints(at({ limit: RECENT }), signal).catch(error => {
      if (error instanceof ApiError && error.status === 403) return { complaints: [], next: null };
      throw error;
    }),
  ]);
  return { total: data.value.totals?.total ?? 0, ...place, categories, trend, complaints };
}

async function cellFacts(context: DeskContext, cell: string, window: Window, signal: AbortSignal) {
  const more = { resolution: resolutionOf(cell) };
  const at = (measure: string) => placeQuery(context, { cell }, window, { ...more, measure });
  const [count, density] = await Promise.all([
    api.cells(at('count'), signal),
    api.cells(at('per_km2'), signal),
  ]);
  return { count: count.cells[0]?.[1] ?? 0, perKm2: density.cells[0]?.[1] ?? 0, area: null };
}

async function areaFacts(context: DeskContext, chosen: Ground, window: Window, signal: AbortSignal) {
  const level = 'area' in chosen ? chosen.area.level : '';
  const id = 'area' in chosen ? chosen.area.id : '';
  const answer = await api.areas(query(context.view.value.filter, window, { level }), signal);
  const area = answer.areas.find(one => one.id === id) ?? null;
  const count = area?.records ?? 0;
  return { count, perKm2: area?.area_km2 ? count / area.area_km2 : 0, area };
}
