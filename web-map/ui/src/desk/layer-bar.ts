import { h } from '../dom';
import { COMPARES, type Compare, type Measure } from '../state/view';
import type { DeskContext, Panel } from './context';
import { isSwiped, measureOf, measuresFor } from './measure-layer';

/** Which layer is painted, by which measure, and compared with when; at the upper edge of the map. */
export function layerBar({ city, texts, view, names }: DeskContext): Panel {
  const t = texts.t.bind(texts);
  const select = (label: string, name: string, change: (value: string) => void) => {
    const element = h('select', {
      'aria-label': label,
      title: label,
      'data-layer': name,
      onchange: () => change(element.value),
    });
    return element;
  };
  const layer = select(t('layer.layer'), 'layer', value => view.update({ layer: value }));
  const measure = select(t('layer.measure'), 'measure', value => {
    const { compare } = view.value;
    view.update({
      measure: value as Measure,
      ...(value === 'change' && compare === 'none' ? { compare: 'before' } : {}),
    });
  });
  const compare = select(t('layer.compare'), 'compare', value => view.update({ compare: value as Compare }));
  const swipe = h(
    'button',
    {
      type: 'button',
      class: 'button',
      'data-layer': 'swipe',
      onclick: () => view.update({ swipe: !view.value.swipe }),
    },
    t('compare.swipe'),
  );
  const element = h(
    'div',
    { class: 'layer-bar', role: 'group', 'aria-label': t('layer.title') },
    layer,
    measure,
    compare,
    swipe,
  );
  layer.append(
    h('option', { value: 'cells' }, t('layer.cells')),
    ...city.levels.map(({ level }) => h('option', { value: level }, names.level(level, texts.lang))),
  );
  compare.append(
    ...COMPARES.filter(one => one !== 'none').map(one => h('option', { value: one }, t(`compare.${one}`))),
  );
  const show = () => {
    const now = view.value;
    layer.value = now.layer;
    measure.replaceChildren(
      ...measuresFor(now.layer).map(one => h('option', { value: one }, t(`measure.${one}`))),
    );
    measure.value = measureOf(now);
    compare.value = now.compare === 'none' ? 'before' : now.compare;
    compare.hidden = measureOf(now) !== 'change';
    swipe.hidden = compare.hidden || now.layer !== 'cells';
    swipe.setAttribute('aria-pressed', String(isSwiped(now)));
    element.hidden = now.panel !== 'explore';
  };
  show();
  return { element, dispose: view.watch(show) };
}
