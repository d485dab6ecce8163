import type { AreaValue } from '../api/wire';
import { h } from '../dom';
import { areaName } from '../i18n/i18n';
import type { Scale } from '../map/scale';
import { CELL_OPACITY } from '../map/style';
import type { Texts } from '../texts';
import type { DayFigures } from './day-figures';

const RANKED = 10;

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
        h('span', { class: 'name', dir: 'auto' }, areaName(area, texts.lang)),
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

/** Today beside yesterday, the same weekday last week and what is expected: the figure, and how far today is from it. */
export function comparison(today: number, figures: DayFigures, texts: Texts): HTMLElement[] {
  const change = (other: number) => {
    const part = (today - other) / other;
    const sign = part > 0 ? '↑' : part < 0 ? '↓' : '';
    return `${sign} ${texts.percent(Math.abs(part), 1)}`;
  };
  const one = (key: 'yesterday' | 'lastWeek', value: number | null) =>
    h(
      'div',
      { 'data-comparison': key },
      h('dt', {}, texts.t(`wall.${key}`)),
      h('dd', {}, value === null ? '–' : texts.whole(value), value !== null && h('em', {}, change(value))),
    );
  const { expected } = figures;
  return [
    one('yesterday', figures.yesterday),
    one('lastWeek', figures.lastWeek),
    h(
      'div',
      { 'data-comparison': 'expected' },
      h('dt', {}, texts.t('wall.expected')),
      h(
        'dd',
        {},
        expected === null ? '–' : texts.whole(expected),
        expected !== null && expected > 0 && h('em', {}, texts.percent(today, expected)),
      ),
    ),
  ];
}
