import type { Map as MapLibre } from 'maplibre-gl';
import type { Selection } from '../state/view';
import { resolutionOf } from './resolution';
import { areasId, cellsId } from './style';

/** The outlines of the one thing that is chosen and the one that is pointed at. */
export class Outline {
  readonly #map: MapLibre;
  #selected: Selection | null = null;
  #hovered: Selection | null = null;

  constructor(map: MapLibre) {
    this.#map = map;
  }

  select(selection: Selection | null): void {
    this.#mark(this.#selected, { s: false });
    this.#selected = selection;
    this.#mark(selection, { s: true });
  }

  hover(target: Selection | null): void {
    this.#mark(this.#hovered, { h: false });
    this.#hovered = target;
    this.#mark(target, { h: true });
  }

  #mark(target: Selection | null, state: Record<string, boolean>): void {
    if (!target || 'sensor' in target || 'complaint' in target) return;
    const [source, sourceLayer, id] =
      'cell' in target
        ? [cellsId(resolutionOf(target.cell)), 'cells', target.cell]
        : [areasId(target.area.level), areasId(target.area.level), target.area.id];
    // A link may name a level or a resolution that this city does not have.
    if (this.#map.getSource(source)) this.#map.setFeatureState({ source, sourceLayer, id }, state);
  }
}
