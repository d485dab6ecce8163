import type { DeskContext, Panel } from '../desk/context';
import { h, ICONS, icon } from '../dom';
import { classCounts, type Scale } from '../map/scale';

/** Mean area of a cell in km² at resolutions 5 to 10, from the H3 tables. */
const CELL_KM2: Record<number, number> = {
  5: 252.9,
  6: 36.13,
  7: 5.161,
  8: 0.7373,
  9: 0.1053,
  10: 0.01505,
};

/** The colours and what they mean: bounds, how many cells have each, and what is not on the map. */
export function legend({ texts, data, view, actions }: DeskContext): Panel {
  const t = texts.t.bind(texts);
  const size = h('span', { class: 'muted' });
  const rows = h('ul', { class: 'classes' });
  const outside = h('b');
  const notLocated = h('b');
  const method = h(
    'select',
    {
      'aria-label': t('legend.method'),
      onchange: () => view.update({ method: method.value === 'quantile' ? 'quantile' : 'geometric' }),
    },
    h('option', { value: 'geometric' }, t('legend.geometric')),
    h('option', { value: 'quantile' }, t('legend.quantile')),
  );
  method.value = view.value.method;
  const element = h(
    'section',
    { class: 'legend card', 'aria-label': t('legend.title') },
    h('h2', {}, t('legend.title'), ' ', size),
    rows,
    h(
      'div',
      { class: 'off-map' },
      h('span', {}, t('legend.outside'), ' ', outside),
      h('span', {}, t('legend.notLocated'), ' ', notLocated),
    ),
    h(
      'div',
      { class: 'legend-tools', title: t('legend.held') },
      method,
      h(
        'button',
        { type: 'button', class: 'button small', title: t('legend.rescaleHint'), onclick: actions.rescale },
        icon(ICONS.scale),
        t('legend.rescale'),
      ),
    ),
  );

  const show = () => {
    const { scale, cells, resolution, totals } = data.value;
    const km2 = CELL_KM2[resolution];
    if (km2 !== undefined)
      size.textContent = t('legend.cellSize', { size: areaText(km2, texts.rate.bind(texts)) });
    outside.textContent = totals ? texts.whole(totals.outside) : '–';
    notLocated.textContent = totals ? texts.whole(totals.not_located) : '–';
    if (!scale) return;
    element.dataset.scale = scale.breaks.join(' ');
    const counts = classCounts(scale, cells.values());
    const most = Math.max(1, ...counts);
    rows.replaceChildren(
      ...scale.breaks
        .map((_, i) => {
          const count = counts[i] ?? 0;
          return h(
            'li',
            {},
            h('i', { class: 'swatch', style: `background:${scale.colours[i]}` }),
            h('span', { class: 'bounds' }, boundsText(scale, i, texts)),
            h('i', { class: 'meter', style: `--part:${count / most}` }),
            h('span', { class: 'cells', title: t('legend.cells') }, texts.whole(count)),
          );
        })
        .reverse(),
    );
  };
  show();
  return { element, dispose: data.watch(show) };
}

function boundsText(scale: Scale, at: number, texts: DeskContext['texts']): string {
  const low = scale.breaks[at] ?? 0;
  const next = scale.breaks[at + 1];
  if (next === undefined) return texts.t('legend.andMore', { n: texts.rate(low) });
  const whole = Number.isInteger(low) && Number.isInteger(next);
  if (whole && next - low === 1) return texts.whole(low);
  return whole
    ? `${texts.whole(low)} – ${texts.whole(next - 1)}`
    : `${texts.rate(low)} – ${texts.rate(next)}`;
}

function areaText(km2: number, rate: (value: number) => string): string {
  return km2 >= 0.1 ? `${rate(km2)} km²` : `${rate(Math.round(km2 * 1e5) * 10)} m²`;
}
