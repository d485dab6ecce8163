import type { AreaValue } from '../api/wire';
import { h } from '../dom';
import { areaName } from '../i18n/i18n';
import type { Scale } from '../map/scale';
import { CELL_OPACITY } from '../map/style';
import type { Texts } from '../texts';

const RANKED = 12;

/** Areas by today's count, with rank, bar and figure. */
export function ranking(areas: readonly AreaValue[], texts: Texts): HTMLOListElement {
  const sorted = [...areas].sort((a, b) => b.records - a.records).slice(0, RANKED);
  const most = Math.max(1, sorted[0]?.records ?? 1);
  return h(
    'ol',
    { class: 'wall-bars' },
    ...sorted.map((area, i) =>
      h(
        'li',
        { style: `--part:${(area.records / most).toFixed(3)}` },
        h('span', { class: 'rank' }, i + 1),
        h('span', { class: 'name' }, areaName(area, texts.lang)),
        h('span', { class: 'count' }, texts.whole(area.records)),
      ),
    ),
  );
}

/** The colour scale as one row: each class with its lower bound. */
export function classBar(scale: Scale, texts: Texts): HTMLElement {
  return h(
    'div',
    { class: 'class-bar', 'aria-label': texts.t('legend.title') },
    h('span', { class: 'class-title' }, texts.t('legend.title')),
    ...scale.breaks.map((bound, i) =>
      h(
        'span',
        { class: 'class' },
        h('i', { style: `background:${scale.colours[i]};opacity:${CELL_OPACITY}` }),
        `≥ ${texts.rate(bound)}`,
      ),
    ),
  );
}
