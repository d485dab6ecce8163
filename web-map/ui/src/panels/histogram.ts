import type { DeskContext } from '../desk/context';
import { h, svg } from '../dom';
import { windowOf } from '../time/choice';
import type { Stretch } from '../time/playback';
import type { Instant } from '../time/zone';
import { ticks } from './ticks';

const HEIGHT = 78;
const AXIS = 18;

type Grip = 'from' | 'to' | 'both' | 'new';

/** Bars of complaints over time, with a window on them that is dragged, drawn or moved with the arrow keys. */
export class Histogram {
  readonly element: HTMLElement;
  readonly #context: DeskContext;
  readonly #choose: (window: { from: Instant; to: Instant | null }) => void;
  readonly #svg = svg('svg', { class: 'histogram-svg', 'aria-hidden': 'true' });
  readonly #grips: Record<'from' | 'to' | 'both', HTMLElement>;
  readonly #tip = h('div', { class: 'bar-tip', hidden: true });
  readonly #stops: (() => void)[];
  readonly #resize: ResizeObserver;
  /** The window while it is being dragged. */
  #draft: Stretch | null = null;

  constructor(context: DeskContext, choose: (window: { from: Instant; to: Instant | null }) => void) {
    this.#context = context;
    this.#choose = choose;
    const t = context.texts.t.bind(context.texts);
    const grip = (name: 'from' | 'to' | 'both', label: string) =>
      h('div', {
        class: `grip ${name}`,
        role: 'slider',
        tabindex: 0,
        'aria-label': label,
        'data-grip': name,
        onpointerdown: event => this.#drag(event as PointerEvent, name),
        onkeydown: event => this.#key(event as KeyboardEvent, name),
      });
    this.#grips = {
      both: grip('both', t('time.move')),
      from: grip('from', t('time.from')),
      to: grip('to', t('time.to')),
    };
    this.element = h(
      'div',
      {
        class: 'histogram',
        role: 'group',
        'aria-label': t('time.chart'),
        onpointerdown: event => {
          if (event.target === this.element || this.#svg.contains(event.target as Node)) {
            this.#drag(event as PointerEvent, 'new');
          }
        },
        onpointermove: event => this.#hover(event as PointerEvent),
        onpointerleave: () => {
          this.#tip.hidden = true;
        },
      },
      this.#svg,
      this.#grips.both,
      this.#grips.from,
      this.#grips.to,
      this.#tip,
    );
    this.#resize = new ResizeObserver(() => this.#draw());
    this.#resize.observe(this.element);
    this.#stops = [
      context.data.watch((now, before) => {
        if (now.series !== before.series) this.#draw();
      }),
      context.view.watch((now, before) => {
        if (now.time !== before.time) this.#place();
      }),
    ];
    const tick = setInterval(() => this.#place(), 30_000);
    this.#stops.push(() => clearInterval(tick));
  }

  dispose(): void {
    this.#resize.disconnect();
    for (const stop of this.#stops) stop();
  }

  /** The window cut to what the histogram shows. */
  #shown(): Stretch | null {
    if (this.#draft) return this.#draft;
    const { domain } = this.#context.data.value;
    if (!domain) return null;
    const { from, to } = windowOf(this.#context.view.value.time, this.#context.actions.era());
    const clamp = (at: Instant) => Math.min(Math.max(at, domain.from), domain.to);
    return { from: clamp(from ?? domain.from), to: clamp(to ?? domain.to) };
  }

  #x(at: Instant): number {
    const { domain } = this.#context.data.value;
    if (!domain) return 0;
    return ((at - domain.from) / (domain.to - domain.from)) * this.element.clientWidth;
  }

  /** The edge of a bin that is nearest to a place on the axis. */
  #at(clientX: number): Instant {
    const { domain } = this.#context.data.value;
    if (!domain) return 0;
    const { left, width } = this.element.getBoundingClientRect();
    const part = Math.min(1, Math.max(0, (clientX - left) / width));
    return this.#snap(domain.from + part * (domain.to - domain.from));
  }

  #snap(at: Instant): Instant {
    const { domain } = this.#context.data.value;
    if (!domain) return at;
    const { zone } = this.#context;
    const low = zone.floor(at, domain.bin);
    const high = zone.floor(at, domain.bin, 1);
    return Math.min(Math.max(at - low < high - at ? low : high, domain.from), domain.to);
  }

  #draw(): void {
    const { series, domain } = this.#context.data.value;
    const width = this.element.clientWidth;
    if (!series || !domain || width === 0) return;
    const values = series.series.map(([start, value]) => ({ at: Date.parse(start), value }));
    const most = Math.max(1, ...values.map(({ value }) => value));
    const gap = width / Math.max(1, values.length) > 4 ? 1 : 0;
    const bars = values
      .map(({ at, value }, i) => {
        const x = this.#x(at);
        const end = this.#x(values[i + 1]?.at ?? domain.to);
        const tall = value > 0 ? Math.max(1, (value / most) * (HEIGHT - 8)) : 0;
        return `M${x.toFixed(1)} ${HEIGHT}v${-tall.toFixed(1)}h${Math.max(0.5, end - x - gap).toFixed(1)}v${tall.toFixed(1)}z`;
      })
      .join('');
    const { zone, texts } = this.#context;
    this.#svg.setAttribute('viewBox', `0 0 ${width} ${HEIGHT + AXIS}`);
    this.#svg.replaceChildren(
      svg('clipPath', { id: 'in-window' }, svg('rect', { y: 0, height: HEIGHT })),
      ...ticks(domain, zone, texts.locale, width).flatMap(({ at, label, strong }) => [
        svg('line', {
          class: strong ? 'tick strong' : 'tick',
          x1: this.#x(at),
          x2: this.#x(at),
          y1: 0,
          y2: HEIGHT + 4,
        }),
        // A label that would be cut off at the edge says nothing.
        ...(this.#x(at) < width - 62
          ? [svg('text', { class: strong ? 'strong' : '', x: this.#x(at) + 4, y: HEIGHT + AXIS - 4 }, label)]
          : []),
      ]),
      svg('line', { class: 'base', x1: 0, x2: width, y1: HEIGHT, y2: HEIGHT }),
      svg('path', { class: 'bars-out', d: bars }),
      svg('path', { class: 'bars-in', d: bars, 'clip-path': 'url(#in-window)' }),
      svg('text', { class: 'most', x: 4, y: 10 }, texts.whole(most)),
    );
    this.#place();
  }

  /** Puts the window's grips where the window is. */
  #place(): void {
    const shown = this.#shown();
    const { domain } = this.#context.data.value;
    if (!shown || !domain) return;
    const [left, right] = [this.#x(shown.from), this.#x(shown.to)];
    const rect = this.#svg.querySelector('clipPath rect');
    rect?.setAttribute('x', String(left));
    rect?.setAttribute('width', String(Math.max(0, right - left)));
    const { both, from, to } = this.#grips;
    both.style.transform = `translateX(${left}px)`;
    both.style.width = `${Math.max(2, right - left)}px`;
    from.style.transform = `translateX(${left}px)`;
    to.style.transform = `translateX(${right}px)`;
    const { texts } = this.#context;
    for (const [grip, at] of [
      [from, shown.from],
      [to, shown.to],
      [both, shown.from],
    ] as const) {
      grip.setAttribute('aria-valuemin', String(domain.from));
      grip.setAttribute('aria-valuemax', String(domain.to));
      grip.setAttribute('aria-valuenow', String(at));
      grip.setAttribute('aria-valuetext', texts.dateTime(at));
    }
    both.setAttribute('aria-valuetext', `${texts.dateTime(shown.from)} – ${texts.dateTime(shown.to)}`);
  }

  #drag(down: PointerEvent, grip: Grip): void {
    const start = this.#shown();
    if (!start || down.button !== 0) return;
    down.preventDefault();
    (down.currentTarget as HTMLElement).focus?.();
    const origin = this.#at(down.clientX);
    const move = (event: PointerEvent) => {
      this.#draft = this.#moved(start, grip, origin, this.#at(event.clientX));
      this.#place();
    };
    const up = (event: PointerEvent) => {
      removeEventListener('pointermove', move);
      removeEventListener('pointerup', up);
      removeEventListener('pointercancel', up);
      const draft = this.#draft;
      this.#draft = null;
      if (draft && event.type === 'pointerup' && draft.to > draft.from) this.#commit(draft);
      else this.#place();
    };
    addEventListener('pointermove', move);
    addEventListener('pointerup', up);
    addEventListener('pointercancel', up);
  }

  #moved(start: Stretch, grip: Grip, origin: Instant, at: Instant): Stretch {
    const { domain } = this.#context.data.value;
    if (grip === 'new' || !domain) return { from: Math.min(origin, at), to: Math.max(origin, at) };
    if (grip === 'from') return { from: Math.min(at, start.to), to: start.to };
    if (grip === 'to') return { from: start.from, to: Math.max(at, start.from) };
    const by = Math.min(Math.max(at - origin, domain.from - start.from), domain.to - start.to);
    const from = this.#snap(start.from + by);
    return { from, to: Math.min(this.#snap(start.to + by), domain.to) };
  }

  /** A window up to the end of the histogram reaches now, and stays open. */
  #commit({ from, to }: Stretch): void {
    const { domain } = this.#context.data.value;
    this.#choose({ from, to: domain && to >= domain.to ? null : to });
  }

  #key(event: KeyboardEvent, grip: 'from' | 'to' | 'both'): void {
    const by = { ArrowLeft: -1, ArrowRight: 1, PageDown: -7, PageUp: 7 }[event.key];
    const shown = this.#shown();
    const { domain } = this.#context.data.value;
    if (!by || !shown || !domain) return;
    event.preventDefault();
    const { zone } = this.#context;
    const step = (at: Instant) => {
      const moved = zone.floor(this.#snap(at), domain.bin, by);
      return Math.min(Math.max(moved, domain.from), domain.to);
    };
    const next = {
      from: grip === 'to' ? shown.from : step(shown.from),
      to: grip === 'from' ? shown.to : step(shown.to),
    };
    if (next.to > next.from) this.#commit(next);
  }

  #hover(event: PointerEvent): void {
    const { series, domain } = this.#context.data.value;
    if (!series || !domain) return;
    const { left, width } = this.element.getBoundingClientRect();
    const at = domain.from + ((event.clientX - left) / width) * (domain.to - domain.from);
    const hit = series.series.findLast(([start]) => Date.parse(start) <= at);
    this.#tip.hidden = !hit;
    if (!hit) return;
    const { texts } = this.#context;
    const start = Date.parse(hit[0]);
    const when = domain.bin === 'hour' ? texts.dateTime(start) : texts.date(start);
    this.#tip.textContent = `${when} · ${texts.t('map.value', { n: texts.whole(hit[1]) })}`;
    const x = Math.min(Math.max(event.clientX - left, 90), width - 90);
    this.#tip.style.transform = `translate(calc(${x}px - 50%), -30px)`;
  }
}
