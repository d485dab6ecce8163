import { api } from '../api/client';
import { h, setText } from '../dom';
import { COMPARES, type Compare, type Measure } from '../state/view';
import type { DeskContext, Panel } from './context';
import { canSwipe, isSwiped, measureOf, measuresFor } from './measure-layer';

/** Which layer is painted, by which measure, and compared with when; at the upper edge of the map. */
export function layerBar({ city, texts, view, data, names }: DeskContext): Panel {
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
  const also = (['sensors', 'points'] as const).map(name =>
    h(
      'button',
      {
        type: 'button',
        class: 'button',
        'data-layer': name,
        onclick: () => view.update({ [name]: !view.value[name] }),
      },
      t(`layer.${name}`),
    ),
  );
  const dots = h('div', { class: 'layer-also', role: 'group', 'aria-label': t('layer.also') }, ...also);
  const note = h('p', { class: 'layer-note', role: 'status', hidden: true });
  // Whom no complaint and no sensor is shown is not offered any.
  const asked = new AbortController();
  api
    .session(asked.signal)
    .then(({ role }) => {
      dots.hidden = role === 'public' || role === 'integrator';
    })
    .catch(() => {});
  const element = h(
    'div',
    { class: 'layer-bar', role: 'group', 'aria-label': t('layer.title') },
    layer,
    measure,
    compare,
    swipe,
    dots,
    note,
  );
  layer.append(
    h('option', { value: 'cells' }, t('layer.cells')),
    h('option', { value: 'aligned' }, t('layer.aligned')),
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
    swipe.hidden = !canSwipe(now);
    swipe.setAttribute('aria-pressed', String(isSwiped(now)));
    for (const button of also) {
      const name = button.dataset.layer as 'sensors' | 'points';
      button.setAttribute('aria-pressed', String(now[name]));
    }
    setText(note, data.value.pointsNote ?? '');
    note.hidden = !data.value.pointsNote;
    element.hidden = now.panel !== 'explore';
  };
  show();
  const stops = [
    view.watch(show),
    data.watch((now, before) => {
      if (now.pointsNote !== before.pointsNote) show();
    }),
  ];
  return {
    element,
    dispose: () => {
      asked.abort();
      for (const stop of stops) stop();
    },
  };
}
