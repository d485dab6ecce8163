import { api } from '../api/client';
import { query } from '../api/filter';
import type { DeskContext, Panel } from '../desk/context';
import { h, ICONS, icon } from '../dom';
import { word } from '../i18n/words';
import { keyOf, refocus } from './check-list';
import { optionRow, toggled } from './option-row';

interface Group {
  key: string;
  value: number;
}

/**
 * Categories by their top level, each opening to the categories below it; a search runs over all of them.
 * What is below is asked for when first opened.
 */
export function categoryTree({ texts, data, view, actions }: DeskContext): Panel {
  const t = texts.t.bind(texts);
  const below = new Map<string, Group[]>();
  const open = new Set<string>();
  const list = h('div', { class: 'options tall', 'data-facet': 'category' });
  const search = h('input', {
    type: 'search',
    class: 'field',
    placeholder: t('filter.categorySearch'),
    'aria-label': t('filter.categorySearch'),
    oninput: () => show(),
  });
  const element = h('div', {}, search, list);

  const choose = (key: string, on: boolean) => {
    const { filter } = view.value;
    view.update({ filter: { ...filter, categories: toggled(filter.categories, key, on) } });
  };
  const row = ({ key, value }: Group, most: number) =>
    optionRow(
      {
        key,
        label: word(lastStep(key), texts.lang),
        count: value,
        part: value / most,
        checked: view.value.filter.categories.includes(key),
        onchange: on => choose(key, on),
      },
      count => texts.whole(count),
    );

  const toggle = async (top: string) => {
    if (open.delete(top)) return show();
    open.add(top);
    show();
    const filter = { ...view.value.filter, categories: [top] };
    const answer = await api
      .breakdown(query(filter, actions.window(), { by: 'category', limit: 100 }))
      .catch(() => null);
    below.set(top, named(answer?.groups));
    show();
  };

  const branch = (top: Group, most: number, leaf: boolean) => {
    const isOpen = open.has(top.key);
    const name = lastStep(top.key);
    const label = t(isOpen ? 'filter.collapse' : 'filter.expand', { name });
    const line = h(
      'div',
      { class: 'branch' },
      leaf
        ? h('span', { class: 'twig' })
        : h(
            'button',
            {
              type: 'button',
              class: 'twig',
              'data-key': `open ${top.key}`,
              'aria-expanded': String(isOpen),
              'aria-label': label,
              onclick: () => void toggle(top.key),
            },
            icon(ICONS.right),
          ),
      row(top, most),
    );
    if (!isOpen) return [line];
    const children = below.get(top.key);
    return [
      line,
      h(
        'div',
        { class: 'below' },
        ...(children ?? []).map(child => row(child, most)),
        !children && h('p', { class: 'muted' }, t('panel.loading')),
      ),
    ];
  };

  const show = () => {
    const tops = named(data.value.facets.top_category?.groups);
    const all = named(data.value.facets.category?.groups);
    const most = Math.max(1, ...tops.map(({ value }) => value));
    const wanted = search.value.trim().toLowerCase();
    const focused = keyOf(document.activeElement, list);
    const topKeys = new Set(tops.map(({ key }) => key));
    // Where no category lies below another there is nothing to open.
    const flat = all.every(({ key }) => topKeys.has(key));
    const known = new Map([...all, ...tops, ...[...below.values()].flat()].map(group => [group.key, group]));
    const chosen = view.value.filter.categories;
    const hidden = chosen.filter(key => !topKeys.has(key) && !isListed(key));
    const rows = wanted
      ? [...known.values()]
          .filter(({ key }) => matches(key, wanted) || matches(word(key, texts.lang), wanted))
          .sort((a, b) => b.value - a.value)
          .map(group => row(group, most))
      : [
          ...hidden.map(key => row(known.get(key) ?? { key, value: 0 }, most)),
          ...tops.flatMap(top => branch(top, most, flat)),
        ];
    list.replaceChildren(...rows);
    const other = data.value.facets.top_category?.other ?? 0;
    if (!wanted && other > 0) {
      list.append(h('p', { class: 'muted' }, t('filter.more', { n: texts.whole(other) })));
    }
    if (rows.length === 0)
      list.append(h('p', { class: 'muted' }, t(wanted ? 'filter.noMatch' : 'filter.dead')));
    refocus(list, focused);
  };
  const isListed = (key: string) => [...open].some(top => below.get(top)?.some(child => child.key === key));

  show();
  const stops = [
    data.watch((now, before) => {
      if (now.facets !== before.facets) show();
    }),
    view.watch((now, before) => {
      if (now.filter !== before.filter) show();
    }),
  ];
  return {
    element,
    dispose: () => {
      for (const stop of stops) stop();
    },
  };
}

function named(groups: { key: string | null; value: number }[] = []): Group[] {
  return groups.filter((group): group is Group => group.key !== null && group.key !== '');
}

/** `a->b->c` is shown as `c`. */
function lastStep(key: string): string {
  return key.split('->').at(-1) || key;
}

function matches(key: string, wanted: string): boolean {
  return key.toLowerCase().includes(wanted);
}
