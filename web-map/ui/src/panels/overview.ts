import type { DeskContext, Panel } from '../desk/context';
import { h } from '../dom';
import { areaName, pick } from '../i18n/i18n';
import { word } from '../i18n/words';
import { type Bar, bars } from './bars';

/** The whole filter at a glance: its top categories, and the city's largest areas by count. */
export function overview({ city, texts, data, view }: DeskContext): Panel {
  const t = texts.t.bind(texts);
  const level = city.levels[0];
  const levelName = level ? pick(level.names, texts.lang, level.level) : '';
  const categories = h('div', {}, h('p', { class: 'muted' }, t('panel.loading')));
  const ranking = h('div', {}, h('p', { class: 'muted' }, t('panel.loading')));
  const element = h(
    'div',
    { class: 'panel-body' },
    h('h2', {}, t('panel.overview')),
    h('section', {}, h('h3', {}, t('panel.categories')), categories),
    h(
      'section',
      {},
      h('h3', {}, levelName, ' · ', t('panel.ranking'), h('span', { class: 'unit' }, t('panel.per10k'))),
      ranking,
    ),
  );
  const text = (value: number) => texts.whole(value);

  const show = () => {
    const { topCategories, ranking: areas, playing } = data.value;
    element.classList.toggle('pending', playing);
    if (topCategories) {
      const rows: Bar[] = topCategories.groups.map(({ key, value }) => ({
        label: key === null ? t('filter.none') : word(key, texts.lang),
        value,
        note: texts.percent(value, topCategories.total),
      }));
      if (topCategories.other > 0) {
        rows.push({
          label: t('panel.other'),
          value: topCategories.other,
          note: texts.percent(topCategories.other, topCategories.total),
          rest: true,
        });
      }
      categories.replaceChildren(bars(rows, text));
    }
    if (areas) {
      const rows = [...areas.areas]
        .sort((a, b) => b.records - a.records)
        .map(area => ({
          label: areaName(area, texts.lang),
          value: area.records,
          note: area.population ? texts.rate((area.records / area.population) * 10_000) : '–',
          onclick: () => view.update({ selection: { area: { level: areas.level, id: area.id } } }),
        }));
      const elsewhere = areas.outside + areas.not_located;
      ranking.replaceChildren(
        bars(rows, text),
        h('p', { class: 'muted sum' }, `+ ${texts.whole(elsewhere)} ${t('panel.notRanked')}`),
      );
    }
  };
  show();
  const stop = data.watch((now, before) => {
    if (
      now.topCategories !== before.topCategories ||
      now.ranking !== before.ranking ||
      now.playing !== before.playing
    ) {
      show();
    }
  });
  return { element, dispose: stop };
}
