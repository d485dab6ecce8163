import { conditions, EVERYTHING, type Filter } from '../api/filter';
import type { DeskContext, Panel } from '../desk/context';
import { h, setText } from '../dom';
import type { Key } from '../i18n/i18n';
import { areaSearch } from './area-search';
import { categoryTree } from './category-tree';
import { checkList } from './check-list';
import { weekBrush } from './week-brush';

/** Everything that narrows what is counted, apart from time. */
export function filters(context: DeskContext): Panel {
  const { texts, view } = context;
  const t = texts.t.bind(texts);
  const parts = {
    category: categoryTree(context),
    channel: checkList(context, 'channel', 'channels'),
    status: checkList(context, 'status', 'statuses'),
    urgency: checkList(context, 'urgency', 'urgencies'),
    area: areaSearch(context),
    week: weekBrush(context),
  };
  const clear = h(
    'button',
    { type: 'button', class: 'link', onclick: () => view.update({ filter: EVERYTHING }) },
    t('filter.clear'),
  );
  const section = (title: Key, count: HTMLElement, part: Panel) =>
    h(
      'details',
      { class: 'filter', open: true },
      h('summary', {}, h('span', {}, t(title)), count),
      part.element,
    );
  const counts = {
    category: h('span', { class: 'badge' }),
    channel: h('span', { class: 'badge' }),
    status: h('span', { class: 'badge' }),
    urgency: h('span', { class: 'badge' }),
    area: h('span', { class: 'badge' }),
    week: h('span', { class: 'badge' }),
  };
  const element = h(
    'aside',
    { class: 'filters', 'aria-label': t('filter.title') },
    h('header', {}, h('h2', {}, t('filter.title')), clear),
    h(
      'div',
      { class: 'scroll' },
      section('filter.area', counts.area, parts.area),
      section('filter.week', counts.week, parts.week),
      section('filter.category', counts.category, parts.category),
      section('filter.channel', counts.channel, parts.channel),
      section('filter.status', counts.status, parts.status),
      section('filter.urgency', counts.urgency, parts.urgency),
    ),
  );
  const badge = (target: HTMLElement, count: number) => {
    target.hidden = count === 0;
    setText(target, String(count));
  };
  const show = ({ filter }: { filter: Filter }) => {
    clear.hidden = conditions(filter) === 0;
    badge(counts.category, filter.categories.length);
    badge(counts.channel, filter.channels.length);
    badge(counts.status, filter.statuses.length);
    badge(counts.urgency, filter.urgencies.length);
    badge(counts.area, filter.area ? 1 : 0);
    badge(counts.week, filter.week.length);
  };
  show(view.value);
  const stop = view.watch(show);
  return {
    element,
    dispose: () => {
      stop();
      for (const part of Object.values(parts)) part.dispose();
    },
  };
}
