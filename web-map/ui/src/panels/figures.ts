import type { Totals } from '../api/wire';
import type { DeskContext, Panel } from '../desk/context';
import { h, setText } from '../dom';
import type { Key } from '../i18n/i18n';

const FIGURES: [field: keyof Totals, label: Key, sign: string | null][] = [
  ['total', 'figures.total', null],
  ['located', 'figures.located', '='],
  ['area_only', 'figures.areaOnly', '∋'],
  ['outside', 'figures.outside', '+'],
  ['not_located', 'figures.notLocated', '+'],
];

/**
 * The sum that everything on the page has to agree with: total = located + outside + not located. What is known by its
 * area alone is part of the located; it is shown when there is any.
 */
export function figures({ texts, data }: DeskContext): Panel {
  const values = FIGURES.map(([field]) =>
    h('dd', { [field === 'area_only' ? 'data-part' : 'data-figure']: field }, '–'),
  );
  const element = h(
    'dl',
    { class: 'figures', 'aria-label': texts.t('figures.title'), title: texts.t('figures.hint') },
    ...FIGURES.map(([field, label, sign], i) =>
      h('div', { class: `figure ${field}`, 'data-sign': sign }, h('dt', {}, texts.t(label)), values[i]),
    ),
  );
  const show = () => {
    const { totals, pending } = data.value;
    element.classList.toggle('pending', pending);
    for (const [i, [field]] of FIGURES.entries()) {
      const cell = values[i];
      if (!cell || !totals) continue;
      setText(cell, texts.whole(totals[field]));
      cell.dataset.value = String(totals[field]);
      if (field === 'area_only' && cell.parentElement) cell.parentElement.hidden = totals.area_only === 0;
    }
  };
  show();
  return { element, dispose: data.watch(show) };
}
