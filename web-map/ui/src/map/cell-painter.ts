import type { ExpressionSpecification, Map as MapLibre } from 'maplibre-gl';
import type { CellValue } from '../api/wire';
import type { Scale } from './scale';
import { cellsId } from './style';

/** How long a changed cell stays brighter, in milliseconds, and how often that is redrawn. */
const FLASH_MS = 1400;
const FLASH_STEP_MS = 100;
/** When more change at once, none flashes: it would say that everything did. */
const FLASHING_MOST = 500;
const NOTHING = 'rgba(0,0,0,0)';

/**
 * Paints values on the cells of the tiles, through feature-state: only cells whose value differs are touched,
 * and no geometry is sent again. One resolution shows at a time; a new one takes the place of the old when
 * its values are there, so that the map is never blank in between.
 */
export class CellPainter {
  readonly #map: MapLibre;
  readonly #painted = new Map<number, Map<string, number>>();
  readonly #flashing = new Map<string, { resolution: number; since: number }>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #shown: number | null = null;
  /** Something else takes the place of the cells. */
  #hidden = false;

  constructor(map: MapLibre) {
    this.#map = map;
  }

  /** Takes all cells off the map, or brings them back. */
  hide(hidden: boolean): void {
    if (this.#hidden === hidden) return;
    this.#hidden = hidden;
    if (this.#shown !== null) this.#visible(this.#shown, true);
  }

  /** Shows exactly these values at this resolution. */
  show(resolution: number, values: ReadonlyMap<string, number>): void {
    const painted = this.#of(resolution);
    for (const cell of painted.keys()) {
      if (!values.has(cell)) this.#set(resolution, painted, cell, 0);
    }
    for (const [cell, value] of values) this.#set(resolution, painted, cell, value);
    this.#toFront(resolution);
  }

  /** Changes some values and lets those cells flash, when they are few. */
  change(resolution: number, cells: readonly CellValue[]): void {
    const painted = this.#of(resolution);
    for (const [cell, value] of cells) this.#set(resolution, painted, cell, value);
    if (cells.length > FLASHING_MOST) return;
    for (const [cell] of cells) this.#flashing.set(cell, { resolution, since: performance.now() });
    this.#timer ??= setInterval(() => this.#fade(), FLASH_STEP_MS);
    this.#fade();
  }

  /** Colours a resolution by a scale. */
  colour(resolution: number, scale: Scale): void {
    const steps = scale.breaks.flatMap((bound, i) => [Math.max(bound, -1e30), scale.colours[i] ?? '#000']);
    const value: ExpressionSpecification = ['coalesce', ['feature-state', 'v'], 0];
    const colour: ExpressionSpecification = [
      'case',
      ['==', value, 0],
      NOTHING,
      ['step', value, NOTHING, ...steps],
    ];
    const flash: ExpressionSpecification = ['coalesce', ['feature-state', 'f'], 0];
    this.#map.setPaintProperty(cellsId(resolution), 'fill-color', [
      'interpolate',
      ['linear'],
      flash,
      0,
      colour,
      1,
      '#ffffff',
    ]);
  }

  /** What is painted for a cell now. */
  value(resolution: number, cell: string): number {
    return this.#painted.get(resolution)?.get(cell) ?? 0;
  }

  dispose(): void {
    clearInterval(this.#timer);
  }

  #of(resolution: number): Map<string, number> {
    const known = this.#painted.get(resolution);
    if (known) return known;
    const fresh = new Map<string, number>();
    this.#painted.set(resolution, fresh);
    return fresh;
  }

  #set(resolution: number, painted: Map<string, number>, cell: string, value: number): void {
    if ((painted.get(cell) ?? 0) === value) return;
    if (value === 0) painted.delete(cell);
    else painted.set(cell, value);
    this.#state(resolution, cell, { v: value });
  }

  #state(resolution: number, cell: string, state: Record<string, number>): void {
    this.#map.setFeatureState({ source: cellsId(resolution), sourceLayer: 'cells', id: cell }, state);
  }

  #toFront(resolution: number): void {
    if (this.#shown === resolution) return;
    const before = this.#shown;
    this.#shown = resolution;
    this.#visible(resolution, true);
    if (before === null) return;
    const hideOthers = () => {
      if (this.#shown === resolution) {
        if (!this.#map.isSourceLoaded(cellsId(resolution))) return;
        for (const other of this.#painted.keys()) if (other !== resolution) this.#visible(other, false);
      }
      this.#map.off('render', hideOthers);
    };
    this.#map.on('render', hideOthers);
  }

  #visible(resolution: number, visible: boolean): void {
    const state = visible && !this.#hidden ? 'visible' : 'none';
    this.#map.setLayoutProperty(cellsId(resolution), 'visibility', state);
  }

  #fade(): void {
    const now = performance.now();
    for (const [cell, { resolution, since }] of this.#flashing) {
      const left = Math.max(0, 1 - (now - since) / FLASH_MS);
      this.#state(resolution, cell, { f: left ** 2 * 0.85 });
      if (left === 0) this.#flashing.delete(cell);
    }
    if (this.#flashing.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }
}
