import type { DeskContext, Panel } from '../desk/context';
import { h, ICONS, icon, setText } from '../dom';
import type { Overlay } from '../map/overlay';
import { classCounts, METHODS, type Method, type Scale } from '../map/scale';
import { CELL_OPACITY } from '../map/style';
import { textureUrl } from '../map/textures';

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
  const areaOnly = h('b');
  const areaOnlyPart = h('span', { hidden: true }, t('legend.areaOnly'), ' ', areaOnly);
  const outside = h('b');
  const notLocated = h('b');
  const method = h(
    'select',
    {
      'aria-label': t('legend.method'),
      onchange: () => view.update({ method: method.value as Method, breaks: null }),
    },
    ...METHODS.map(one => h('option', { value: one }, t(`legend.${one}`))),
  );
  method.value = view.value.method;
  const title = h('h2', {}, t('legend.title'));
  const counted = h(
    'div',
    {},
    h(
      'header',
      {},
      title,
      size,
      h(
        'p',
        { class: 'off-map' },
        areaOnlyPart,
        h('span', {}, t('legend.outside'), ' ', outside),
        h('span', {}, t('legend.notLocated'), ' ', notLocated),
      ),
      method,
      h(
        'button',
        { type: 'button', class: 'button small', title: t('legend.rescaleHint'), onclick: actions.rescale },
        icon(ICONS.scale),
        t('legend.rescale'),
      ),
    ),
    rows,
  );
  const drawn = h('div', { hidden: true });
  const fix = h(
    'button',
    {
      type: 'button',
      class: 'button small',
      title: t('legend.fixHint'),
      'data-fix': '',
      onclick: () => view.update({ breaks: view.value.breaks ? null : (data.value.scale?.breaks ?? null) }),
    },
    t('legend.fix'),
  );
  counted.querySelector('header')?.append(fix);
  const element = h('section', { class: 'legend card', 'aria-label': t('legend.title') }, counted, drawn);

  const show = () => {
    const { overlay } = data.value;
    fix.setAttribute('aria-pressed', String(view.value.breaks !== null));
    setText(fix, t(view.value.breaks ? 'legend.free' : 'legend.fix'));
    counted.hidden = overlay !== null;
    drawn.hidden = overlay === null;
    if (overlay) drawn.replaceChildren(...overlayLegend(overlay, texts));
    const { scale, cells, resolution, totals } = data.value;
    const km2 = CELL_KM2[resolution];
    if (km2 !== undefined)
      size.textContent = t('legend.cellSize', { size: areaText(km2, texts.rate.bind(texts)) });
    areaOnly.textContent = totals ? texts.whole(totals.area_only) : '–';
    areaOnlyPart.hidden = !totals?.area_only;
    outside.textContent = totals ? texts.whole(totals.outside) : '–';
    notLocated.textContent = totals ? texts.whole(totals.not_located) : '–';
    if (!scale) return;
    element.dataset.scale = scale.breaks.join(' ');
    const counts = classCounts(scale, cells.values());
    rows.title = t('legend.held');
    rows.replaceChildren(
      ...scale.breaks.map((_, i) =>
        h(
          'li',
          {},
          h('i', { class: 'swatch', style: `background:${scale.colours[i]};opacity:${CELL_OPACITY}` }),
          h('span', { class: 'bounds' }, boundsText(scale, i, texts)),
          h('span', { class: 'cells' }, t('legend.count', { n: texts.whole(counts[i] ?? 0) })),
        ),
      ),
    );
  };
  show();
  const stop = data.watch((now, before) => {
    if (
      now.overlay !== before.overlay ||
      now.beat !== before.beat ||
      now.scale !== before.scale ||
      now.totals !== before.totals
    )
      show();
  });
  return { element, dispose: stop };
}

/** The colours of an overlay and how much there is of each. */
function overlayLegend({ title, note, legend }: Overlay, texts: DeskContext['texts']): HTMLElement[] {
  const box = h('h2', {});
  setText(box, title);
  return [
    h('header', {}, box),
    ...(note ? [h('p', { class: 'muted' }, note)] : []),
    h(
      'ul',
      { class: 'overlay-legend' },
      ...legend.map(({ colour, texture, label, count }) =>
        h(
          'li',
          {},
          h('i', {
            class: 'swatch',
            style: `background:${texture ? `url(${textureUrl(texture)}) 0 0/12px, ` : ''}${colour}`,
          }),
          h('span', { class: 'label', title: label }, label),
          h('b', {}, texts.rate(count)),
        ),
      ),
    ),
  ];
}

/** What a class of counts holds, in words. */
export function boundsText(scale: Scale, at: number, texts: DeskContext['texts']): string {
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
