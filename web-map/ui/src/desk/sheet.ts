import type { Window } from '../api/filter';
import { weekText } from '../api/week';
import { word } from '../i18n/words';
import { classCounts } from '../map/scale';
import type { Texture } from '../map/textures';
import { boundsText } from '../panels/legend';
import type { Texts } from '../texts';
import type { DeskContext } from './context';

/** What belongs to a map that leaves the page: what it shows, its legend, where it comes from and as of when. */
export interface Sheet {
  title: string;
  /** What is shown, when, and under which filter. */
  lines: string[];
  legendTitle: string;
  legend: SheetClass[];
  /** Source, data cut and address. */
  source: string[];
}

export interface SheetClass {
  colour: string;
  texture?: Texture;
  label: string;
  count: string;
}

/** The sheet of what the desk shows now. */
export function sheetOf(context: DeskContext): Sheet {
  const { city, texts, data, clock } = context;
  const t = texts.t.bind(texts);
  const { overlay, totals } = data.value;
  const figures = totals
    ? [
        [t('figures.total'), totals.total],
        [t('figures.located'), totals.located],
        [t('figures.outside'), totals.outside],
        [t('figures.notLocated'), totals.not_located],
      ].map(([label, n]) => `${label} ${texts.whole(Number(n))}`)
    : [];
  return {
    title: `${city.name} · ${overlay?.title ?? t('legend.title')}`,
    lines: [
      spanText(context.actions.window(), texts),
      filterText(context),
      figures.join(' · '),
      overlay?.note ?? '',
    ].filter(Boolean),
    legendTitle: overlay?.title ?? t('legend.title'),
    legend: overlay ? overlayClasses(context) : countClasses(context),
    source: [
      t('save.source', { city: city.name }),
      t('save.cut', {
        time: texts.dateTime(data.value.freshness?.receivedAt ?? clock.now()),
        seq: totals?.seq ?? city.seq,
      }),
      location.href,
    ],
  };
}

/** A span of time in the city's zone; open ends are said as such. */
export function spanText({ from, to }: Window, texts: Texts): string {
  if (from === null && to === null) return texts.t('time.all');
  const start = from === null ? '…' : texts.dateTime(from);
  return `${start} – ${to === null ? texts.t('save.now') : texts.dateTime(to)}`;
}

/** The filter in words. */
function filterText({ texts, view, names }: DeskContext): string {
  const { categories, channels, statuses, urgencies, area, week } = view.value.filter;
  const said = [
    ...(area ? [names.name(area.level, area.id, texts.lang)] : []),
    ...categories,
    ...[...channels, ...statuses, ...urgencies].map(one => word(one, texts.lang)),
    ...week.map(hours => weekText(hours, texts.locale)),
  ];
  return said.length > 0 ? texts.t('save.filter', { filter: said.join(' · ') }) : texts.t('save.noFilter');
}

function overlayClasses({ texts, data }: DeskContext): SheetClass[] {
  return (data.value.overlay?.legend ?? []).map(({ colour, texture, label, count }) => ({
    colour,
    label,
    count: texts.rate(count),
    ...(texture ? { texture } : {}),
  }));
}

function countClasses({ texts, data }: DeskContext): SheetClass[] {
  const { scale, cells } = data.value;
  if (!scale) return [];
  const counts = classCounts(scale, cells.values());
  return scale.breaks.map((_, i) => ({
    colour: scale.colours[i] ?? '',
    label: boundsText(scale, i, texts),
    count: texts.t('legend.count', { n: texts.whole(counts[i] ?? 0) }),
  }));
}
