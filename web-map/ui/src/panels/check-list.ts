import type { DeskContext, FacetName, Panel } from '../desk/context';
import { h } from '../dom';
import { word } from '../i18n/words';
import { optionRow, toggled } from './option-row';

/** A short list of values to tick, each with how many complaints it has under the other filters. */
export function checkList(
  { texts, data, view }: DeskContext,
  facet: FacetName,
  field: 'channels' | 'statuses' | 'urgencies',
): Panel {
  const element = h('div', { class: 'options', 'data-facet': facet });
  const choose = (key: string, on: boolean) => {
    const { filter } = view.value;
    view.update({ filter: { ...filter, [field]: toggled(filter[field], key, on) } });
  };
  const show = () => {
    const chosen = view.value.filter[field];
    const groups = data.value.facets[facet]?.groups ?? [];
    const most = Math.max(1, ...groups.map(({ value }) => value));
    const missing = chosen
      .filter(key => !groups.some(group => group.key === key))
      .map(key => ({ key, value: 0 }));
    const focused = keyOf(document.activeElement, element);
    element.replaceChildren(
      ...[...groups, ...missing].map(({ key, value }) =>
        key === null
          ? // The API has no way to ask for "not given", so this row only tells.
            h(
              'div',
              { class: 'option none', style: `--part:${value / most}` },
              h('span', { class: 'name' }, texts.t('filter.none')),
              h('span', { class: 'count' }, texts.whole(value)),
            )
          : optionRow(
              {
                key,
                label: word(key, texts.lang),
                count: value,
                part: value / most,
                checked: chosen.includes(key),
                onchange: on => choose(key, on),
              },
              count => texts.whole(count),
            ),
      ),
    );
    if (groups.length + missing.length === 0)
      element.append(h('p', { class: 'muted' }, texts.t('filter.dead')));
    refocus(element, focused);
  };
  show();
  const stops = [
    data.watch((now, before) => {
      if (now.facets[facet] !== before.facets[facet]) show();
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

/** The `data-key` of the focused box inside a list that is about to be drawn anew. */
export function keyOf(active: Element | null, list: Element): string | null {
  return active && list.contains(active) ? active.getAttribute('data-key') : null;
}

/** Gives the focus back to the box with that key, so that a keyboard reader stays in place. */
export function refocus(list: Element, key: string | null): void {
  if (key !== null) list.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus();
}
