import { ApiError } from '../api/client';
import { h } from '../dom';
import { HeatMap, type Spot } from '../map/heat-map';
import type { Selection } from '../state/view';
import type { Texts } from '../texts';
import type { DeskContext } from './context';
import { chosenBy } from './points';

interface Needs {
  texts(): Texts;
  /** The zoom asks for another resolution. */
  resolution(): void;
}

/** Room for the legend below, and a margin; in pixels. */
const PADDING = { top: 20, right: 56, bottom: 104, left: 20 };

/** The desk's map: a click chooses, the pointer tells values, and the camera goes into the view. */
export function mapPanel(host: HTMLElement, context: DeskContext, needs: Needs): HeatMap {
  const { city, view, data } = context;
  const tip = h('div', { class: 'tip', hidden: true });
  let seen: { spot: Spot; x: number; y: number } | null = null;

  const value = (cell: string | null) => (cell ? (data.value.cells.get(cell) ?? 0) : 0);
  const showTip = () => {
    tip.hidden = !seen;
    if (!seen) return;
    const { spot, x, y } = seen;
    const texts = needs.texts();
    const count = value(spot.cell);
    const said = spot.dot
      ? spot.dot.text
      : data.value.overlay
        ? spot.said?.text
        : texts.t('map.value', { n: texts.whole(count) });
    tip.replaceChildren(
      ...(said ? [h('strong', { dir: 'auto' }, said)] : []),
      h('span', {}, spot.areas.map(({ name }) => name).join(' › ') || texts.t('figures.outside')),
    );
    const left = x + 16 + tip.offsetWidth > host.clientWidth ? x - 16 - tip.offsetWidth : x + 16;
    tip.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, y - tip.offsetHeight - 10)}px)`;
  };

  const map = new HeatMap(
    host,
    city,
    view.value.lang,
    { camera: view.value.camera, interactive: true, padding: PADDING },
    {
      resolution: needs.resolution,
      camera: camera => view.update({ camera }),
      pick: spot => {
        if (spot.dot && view.value.panel === 'explore') {
          view.update({ selection: chosenBy(spot.dot.kind, spot.dot.key) });
          return;
        }
        if (data.value.overlay && view.value.panel !== 'explore') {
          data.update({ picked: spot.said?.key || null });
          return;
        }
        const chosen = choice(spot, value(spot.cell));
        // The same place again keeps its panel as it is.
        if (JSON.stringify(chosen) !== JSON.stringify(view.value.selection))
          view.update({ selection: chosen });
      },
      hover: (spot, x, y) => {
        const useful = spot && (spot.cell || spot.areas.length > 0);
        seen = useful ? { spot, x, y } : null;
        map.hoverCell(spot && !data.value.overlay && value(spot.cell) > 0 ? spot.cell : null);
        map.map.getCanvas().style.cursor = useful ? 'pointer' : '';
        showTip();
      },
      failure: kind => {
        const texts = needs.texts();
        const text = texts.t(kind === 'tiles' ? 'state.tilesFailed' : 'state.mapFailed');
        data.update({ trouble: new ApiError(-1, text) });
      },
    },
  );
  host.append(tip);
  data.watch((now, before) => {
    if (now.beat !== before.beat) showTip();
  });
  const name = () => map.map.getCanvas().setAttribute('aria-label', needs.texts().t('map.label'));
  name();
  view.watch((now, before) => {
    if (now.lang !== before.lang) name();
  });
  return map;
}

/** A cell with complaints before the area under it; an area's name before both. */
function choice(spot: Spot, value: number): Selection | null {
  if (spot.named) return { area: spot.named };
  if (spot.cell && value > 0) return { cell: spot.cell };
  const smallest = spot.areas.at(-1);
  return smallest ? { area: { level: smallest.level, id: smallest.id } } : null;
}
