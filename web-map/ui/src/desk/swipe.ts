import { api } from '../api/client';
import { type Filter, query, type Window } from '../api/filter';
import type { City } from '../api/wire';
import { h, setText } from '../dom';
import { HeatMap } from '../map/heat-map';
import type { Overlay } from '../map/overlay';
import type { Scale } from '../map/scale';
import type { Texts } from '../texts';
import { spanText } from './sheet';
import '../styles/swipe.css';

/** One step of the dividing line by a key, and with Shift; parts of the width. */
const STEP = 0.02;
const FAR = 0.1;

/**
 * Two times side by side: the earlier one on a second map above the first, cut off at a line that is dragged. Both maps look at the
 * same place and have the same colours.
 */
export class Swipe {
  readonly #main: HeatMap;
  readonly #other: HeatMap;
  readonly #element: HTMLElement;
  readonly #cut: HTMLElement;
  readonly #line: HTMLElement;
  readonly #before = h('span', { class: 'swipe-label before' });
  readonly #now = h('span', { class: 'swipe-label now' });
  readonly #follow: () => void;
  #texts: Texts;
  #at = 0.5;
  #cells: ReadonlyMap<string, number> = new Map();
  #resolution = -1;
  #scale: Scale | null = null;

  constructor(host: HTMLElement, main: HeatMap, city: City, texts: Texts) {
    this.#main = main;
    this.#texts = texts;
    this.#cut = h('div', { class: 'swipe-map', 'aria-hidden': 'true' });
    this.#line = h('div', {
      class: 'swipe-line',
      role: 'slider',
      tabindex: 0,
      'aria-orientation': 'horizontal',
      'aria-valuemin': 0,
      'aria-valuemax': 100,
      onpointerdown: event => this.#grab(event as PointerEvent),
      onkeydown: event => this.#key(event as KeyboardEvent),
    });
    this.#element = h('div', { class: 'swipe' }, this.#cut, this.#line, this.#before, this.#now);
    host.after(this.#element);
    const padding = { top: 0, right: 0, bottom: 0, left: 0 };
    this.#other = new HeatMap(
      this.#cut,
      city,
      texts.lang,
      { camera: main.camera, interactive: true, padding },
      { resolution: () => this.#paint() },
    );
    this.#other.map.getCanvas().tabIndex = -1;
    this.#follow = () => {
      const { lon, lat, zoom } = main.camera;
      this.#other.map.jumpTo({ center: [lon, lat], zoom });
    };
    main.map.on('move', this.#follow);
    this.#move(this.#at);
  }

  /** Counts the earlier time and shows it; a failure is the caller's. */
  async ask(
    filter: Filter,
    earlier: Window,
    now: Window,
    resolution: number,
    texts: Texts,
    signal: AbortSignal,
  ): Promise<void> {
    this.#name(earlier, now, texts);
    const [answer] = await Promise.all([
      api.cells(query(filter, earlier, { resolution }), signal),
      this.#other.ready(),
    ]);
    if (signal.aborted) return;
    this.#cells = new Map(answer.cells);
    this.#resolution = resolution;
    this.#element.dataset.total = String(answer.total);
    this.#other.painter.hide(false);
    void this.#other.overlay.show(null);
    this.#paint();
  }

  /** Shows areas of the earlier time, already counted and coloured. */
  async areas(
    { before, total }: { before: Overlay; total: number },
    earlier: Window,
    now: Window,
    texts: Texts,
    signal: AbortSignal,
  ): Promise<void> {
    this.#name(earlier, now, texts);
    await this.#other.ready();
    if (signal.aborted) return;
    this.#element.dataset.total = String(total);
    this.#other.painter.hide(true);
    await this.#other.overlay.show(before);
  }

  /** The colours of the first map. */
  colour(resolution: number, scale: Scale): void {
    this.#scale = scale;
    if (resolution === this.#resolution) this.#paint();
  }

  dispose(): void {
    this.#main.map.off('move', this.#follow);
    this.#other.dispose();
    this.#element.remove();
  }

  #name(earlier: Window, now: Window, texts: Texts): void {
    this.#texts = texts;
    this.#line.setAttribute('aria-label', texts.t('compare.handle'));
    setText(this.#before, spanText(earlier, texts));
    setText(this.#now, spanText(now, texts));
  }

  #paint(): void {
    if (!this.#scale || this.#resolution < 0 || !this.#other.map.getLayer(`cells-${this.#resolution}`))
      return;
    this.#other.painter.colour(this.#resolution, this.#scale);
    this.#other.painter.show(this.#resolution, this.#cells);
  }

  #move(at: number): void {
    this.#at = Math.min(1, Math.max(0, at));
    this.#element.style.setProperty('--at', String(this.#at));
    this.#line.setAttribute('aria-valuenow', String(Math.round(this.#at * 100)));
    this.#line.setAttribute('aria-valuetext', this.#texts.percent(this.#at, 1));
  }

  #grab(event: PointerEvent): void {
    event.preventDefault();
    this.#line.focus();
    this.#line.setPointerCapture(event.pointerId);
    const box = this.#element.getBoundingClientRect();
    const move = (event: PointerEvent) => this.#move((event.clientX - box.left) / box.width);
    const end = () => {
      this.#line.removeEventListener('pointermove', move);
      this.#line.removeEventListener('pointerup', end);
      this.#line.removeEventListener('pointercancel', end);
    };
    this.#line.addEventListener('pointermove', move);
    this.#line.addEventListener('pointerup', end);
    this.#line.addEventListener('pointercancel', end);
  }

  #key(event: KeyboardEvent): void {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const end = { Home: 0, End: 1 }[event.key];
    if (way === undefined && end === undefined) return;
    event.preventDefault();
    this.#move(end ?? this.#at + (way ?? 0) * (event.shiftKey ? FAR : STEP));
  }
}
