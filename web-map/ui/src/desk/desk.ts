import { ApiError } from '../api/client';
import type { Window } from '../api/filter';
import type { City } from '../api/wire';
import { h } from '../dom';
import { firstLang } from '../i18n/i18n';
import type { HeatMap } from '../map/heat-map';
import { zoomForArea } from '../map/levels';
import type { Overlay } from '../map/overlay';
import { fixed } from '../map/scale';
import { ScaleBook } from '../map/scale-book';
import { parse, print } from '../state/permalink';
import { Store } from '../state/store';
import { firstView, type View } from '../state/view';
import { Texts } from '../texts';
import { type Era, spanFor, windowOf } from '../time/choice';
import type { Clock } from '../time/clock';
import { firstStretch, nextStretch, Player, STEP_OF_BIN } from '../time/playback';
import { Zone } from '../time/zone';
import { AreaNames } from './area-names';
import type { DeskContext, DeskData, Panel } from './context';
import { CountFeed } from './count-feed';
import { Facts } from './facts';
import { layOut } from './layout';
import { mapPanel } from './map-panel';
import { earlier, isPlain, isSwiped, type MeasureInput, measureLayer, swipedAreas } from './measure-layer';
import { Points } from './points';
import { Swipe } from './swipe';

/** While live, the lists and the histogram follow this often, in milliseconds. */
const FACTS_EVERY = 10_000;
const WAIT_BEFORE_ASKING = 120;

/**
 * The desk: one view (what to look at), one set of answers, and the panels that show them.
 *
 * 1. a change of the view asks the server again: counts at once, the facts around them shortly after;
 * 2. answers paint the map and go to the panels;
 * 3. time goes on: rolling windows move, lists follow, the address always describes what is shown.
 */
export class Desk {
  readonly #city: City;
  readonly #clock: Clock;
  readonly #zone: Zone;
  readonly #root: HTMLElement;
  readonly #base: View;
  readonly #view: Store<View>;
  readonly #data: Store<DeskData>;
  readonly #feed: CountFeed;
  readonly #facts: Facts;
  readonly #player: Player;
  readonly #book = new ScaleBook();
  readonly #names: AreaNames;
  readonly #mapHost = h('div', { class: 'map-canvas' });
  #layerAbort = new AbortController();
  #map: HeatMap | null = null;
  #swipe: Swipe | null = null;
  #points: Points | null = null;
  #moved: ReturnType<typeof setTimeout> | undefined;
  #texts: Texts;
  #panels: Panel | null = null;
  #window: Window = { from: null, to: null };
  #soon: ReturnType<typeof setTimeout> | undefined;

  constructor(root: HTMLElement, city: City, clock: Clock) {
    this.#root = root;
    this.#city = city;
    this.#clock = clock;
    this.#zone = new Zone(city.time_zone);
    this.#base = firstView(firstLang(city.languages, navigator.languages));
    this.#view = new Store(parse(location.search, this.#base));
    this.#texts = new Texts(this.#view.value.lang, this.#zone);
    this.#data = new Store(nothingYet());
    this.#feed = new CountFeed({
      all: (resolution, cells, totals) => {
        this.#data.update({ resolution, cells, totals, pending: false, trouble: null, beat: this.#beat() });
        this.#paint();
      },
      changed: (resolution, cells, totals) => {
        const known = this.#data.value.cells as Map<string, number>;
        for (const [cell, value] of cells) known.set(cell, value);
        this.#map?.painter.change(resolution, cells);
        this.#data.update({ totals, beat: this.#beat() });
        if (!this.#book.holds(resolution)) this.#paint();
      },
      freshness: ({ server_time, received_at, per_minute }) => {
        this.#clock.set(server_time);
        const receivedAt = received_at ? Date.parse(received_at) : null;
        this.#data.update({ freshness: { receivedAt, perMinute: per_minute } });
      },
      state: live => this.#data.update({ live }),
      // What is shown still belongs to the question before, so it stays marked as pending.
      failed: trouble => this.#data.update({ trouble }),
    });
    this.#names = new AreaNames(city);
    this.#facts = new Facts(city, this.#data);
    this.#player = new Player(
      () => this.#step(1),
      playing => this.#playingChanged(playing),
    );
  }

  /** Builds the page and asks the first questions. */
  async start(): Promise<void> {
    this.#mount();
    try {
      this.#map = this.#makeMap();
      await this.#map.ready();
      this.#points = this.#makePoints(this.#map);
      this.#map.select(this.#view.value.selection);
      // What was asked while the map was being made is drawn now.
      const { overlay } = this.#data.value;
      this.#map.painter.hide(overlay !== null);
      if (overlay) void this.#map.overlay.show(overlay);
    } catch {
      // The figures, lists and the histogram still work where no map can be drawn.
      this.#data.update({ trouble: new ApiError(-1, this.#texts.t('state.mapFailed')) });
    }
    this.#view.watch((now, before) => this.#viewChanged(now, before));
    this.#ask();
    // A key whose time is over is told once, whichever question was refused.
    addEventListener('citybrain:key', () => {
      if (this.#data.value.trouble?.status !== 401) this.#data.update({ trouble: new ApiError(401, '') });
    });
    setInterval(() => this.#keepUp(), 5000);
    let factsAt = Date.now();
    setInterval(() => {
      if (this.#data.value.live !== 'live' || Date.now() - factsAt < FACTS_EVERY || document.hidden) return;
      factsAt = Date.now();
      this.#loadFacts();
    }, 1000);
  }

  /** All panels in the reader's language; the map stays. */
  #mount(): void {
    this.#panels?.dispose();
    const { lang } = this.#view.value;
    document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en';
    document.title = `${this.#city.name} · citybrain`;
    this.#texts = new Texts(lang, this.#zone);
    this.#panels = layOut(this.#context(this.#texts), this.#mapHost);
    this.#root.replaceChildren(this.#panels.element);
  }

  #context(texts: Texts): DeskContext {
    return {
      city: this.#city,
      zone: this.#zone,
      clock: this.#clock,
      texts,
      names: this.#names,
      view: this.#view,
      data: this.#data,
      player: this.#player,
      actions: {
        era: () => this.#era(),
        window: () => this.#window,
        rescale: () => {
          this.#book.reset();
          this.#paint();
        },
        step: count => this.#step(count),
        togglePlay: () => this.#togglePlay(),
        reconnect: () => (this.#data.value.live === 'off' ? this.#ask() : this.#feed.reconnect()),
        zoomTo: (lon, lat, km2) => this.#map?.goTo({ lon, lat, zoom: zoomForArea(km2, lat) }),
        zoomBy: step => this.#map?.zoomBy(step),
        fitCity: () => this.#map?.fitCity(),
        goTo: camera => this.#map?.goTo(camera),
        overlay: overlay => this.#overlay(overlay),
        point: place => this.#map?.select(place),
        snapshot: () => this.#map?.snapshot() ?? null,
        silence: () => this.#feed.silence,
      },
    };
  }

  #makeMap(): HeatMap {
    return mapPanel(this.#mapHost, this.#context(this.#texts), {
      texts: () => this.#texts,
      resolution: () => {
        void this.#ask(false);
        void this.#paintLayer();
      },
    });
  }

  #makePoints(map: HeatMap): Points {
    const points = new Points(
      map,
      () => ({
        view: this.#view.value,
        filter: this.#view.value.filter,
        window: this.#window,
        texts: this.#texts,
      }),
      note => this.#data.update({ pointsNote: note }),
    );
    points.later();
    return points;
  }

  #viewChanged(now: View, before: View): void {
    if (now.lang !== before.lang) {
      this.#swipe?.dispose();
      this.#swipe = null;
      this.#mount();
      this.#map?.speak(now.lang);
    }
    if (now.selection !== before.selection) this.#map?.select(now.selection);
    if (now.method !== before.method || now.breaks !== before.breaks) this.#paint();
    const asked = ['lang', 'panel', 'layer', 'measure', 'compare', 'swipe', 'method', 'breaks'] as const;
    if (asked.some(field => now[field] !== before[field])) void this.#paintLayer();
    // Parts of cells are asked for as far as the map shows them.
    else if (now.layer === 'aligned' && now.camera !== before.camera) {
      clearTimeout(this.#moved);
      this.#moved = setTimeout(() => void this.#paintLayer(), WAIT_BEFORE_ASKING);
    }
    const dots = ['lang', 'panel', 'filter', 'time', 'points', 'sensors'] as const;
    if (dots.some(field => now[field] !== before[field])) this.#points?.later();
    if (now.filter !== before.filter || now.time !== before.time) {
      if (!this.#data.value.playing) this.#ask();
    } else if (now.span !== before.span) {
      this.#loadFacts();
    }
    const search = print(now, this.#base);
    history.replaceState(null, '', search ? `?${search}` : location.pathname);
  }

  /** Counts at once; the facts a moment later, so that a row of quick changes asks for them once. */
  #ask(withFacts = true): Promise<void> {
    const { filter, time } = this.#view.value;
    this.#window = windowOf(time, this.#era());
    const { to } = this.#window;
    this.#data.update({ pending: true });
    if (withFacts) {
      clearTimeout(this.#soon);
      this.#soon = setTimeout(() => this.#loadFacts(), WAIT_BEFORE_ASKING);
    }
    return this.#feed.ask({
      filter,
      window: this.#window,
      resolution: this.#map?.resolution ?? this.#city.base_resolution,
      live: to === null || to > this.#clock.now(),
    });
  }

  #overlay(overlay: Overlay | null): void {
    this.#data.update({ overlay, picked: null });
    this.#map?.painter.hide(overlay !== null);
    void this.#map?.overlay.show(overlay);
    if (!overlay) this.#map?.select(this.#view.value.selection);
  }

  /** Another layer or measure than live counts of cells is asked for apart, and drawn over them. */
  async #paintLayer(): Promise<void> {
    this.#layerAbort.abort();
    this.#layerAbort = new AbortController();
    const { signal } = this.#layerAbort;
    const view = this.#view.value;
    if (!isSwiped(view) || view.panel !== 'explore') {
      this.#swipe?.dispose();
      this.#swipe = null;
    }
    if (view.panel !== 'explore') return;
    if (isPlain(view)) {
      if (this.#data.value.overlay) this.#overlay(null);
      if (isSwiped(view)) await this.#paintSwipe(signal);
      return;
    }
    try {
      const input: MeasureInput = {
        view,
        window: this.#window,
        resolution: this.#map?.resolution ?? this.#city.base_resolution,
        zoom: this.#map?.camera.zoom ?? 0,
        bbox: this.#map?.bbox() ?? this.#city.bbox,
        era: this.#era(),
        city: this.#city,
        texts: this.#texts,
        names: this.#names,
      };
      if (isSwiped(view)) return await this.#swipeAreas(input, signal);
      const overlay = await measureLayer(input, signal);
      if (!signal.aborted) this.#overlay(overlay);
    } catch (error) {
      if (error instanceof ApiError) this.#data.update({ trouble: error });
    }
  }

  /** Both times of areas: now on the map, the earlier one on the second, in the same colours. */
  async #swipeAreas(input: MeasureInput, signal: AbortSignal): Promise<void> {
    if (!this.#map) return;
    const counted = await swipedAreas(input, signal);
    if (signal.aborted) return;
    this.#swipe ??= new Swipe(this.#mapHost, this.#map, this.#city, this.#texts);
    this.#overlay(counted.now);
    const before = earlier(this.#window, input.view.compare, input.era);
    await this.#swipe.areas(counted, before, this.#window, this.#texts, signal);
  }

  /** The earlier time on a second map, up to a line that is dragged. */
  async #paintSwipe(signal: AbortSignal): Promise<void> {
    if (!this.#map) return;
    const { filter, compare } = this.#view.value;
    const { scale, resolution } = this.#data.value;
    this.#swipe ??= new Swipe(this.#mapHost, this.#map, this.#city, this.#texts);
    if (scale) this.#swipe.colour(resolution, scale);
    const before = earlier(this.#window, compare, this.#era());
    try {
      await this.#swipe.ask(filter, before, this.#window, this.#map.resolution, this.#texts, signal);
    } catch (error) {
      if (error instanceof ApiError) this.#data.update({ trouble: error });
    }
  }

  #loadFacts(): void {
    void this.#paintLayer();
    const { filter, time, span } = this.#view.value;
    const era = this.#era();
    this.#facts.load({ filter, window: this.#window, span: span ?? spanFor(time, era), era });
  }

  /** Paints all values, under the scale that is held for this question. */
  #paint(): void {
    const { cells, resolution } = this.#data.value;
    const { method, filter, time } = this.#view.value;
    if (!this.#map || resolution < 0) return;
    const length = 'preset' in time ? time.preset : (time.to ?? this.#clock.now()) - time.from;
    const { breaks } = this.#view.value;
    const held = this.#book.scale({ filter, method, length }, resolution, cells.values());
    const scale = breaks ? fixed(breaks) : held;
    this.#map.painter.colour(resolution, scale);
    this.#map.painter.show(resolution, cells);
    this.#swipe?.colour(resolution, scale);
    this.#data.update({ scale });
    document.documentElement.dataset.ready = 'true';
  }

  #togglePlay(): void {
    if (this.#player.playing) {
      this.#player.pause();
      return;
    }
    const domain = this.#data.value.domain;
    if (!domain) return;
    const { span, time } = this.#view.value;
    const first = firstStretch(this.#window.from, this.#window.to, domain, this.#zone);
    // The histogram stays as it is while its window moves.
    this.#view.update({ time: first, span: span ?? spanFor(time, this.#era()) });
    this.#player.play();
  }

  async #step(count: 1 | -1): Promise<boolean> {
    const { domain, step } = this.#data.value;
    if (!domain) return false;
    const { time, span } = this.#view.value;
    const now =
      'from' in time && time.to !== null
        ? { from: time.from, to: time.to }
        : firstStretch(this.#window.from, this.#window.to, domain, this.#zone);
    const next = nextStretch(now, step, count, domain, this.#zone);
    if (!next) return false;
    this.#view.update({ time: next, span: span ?? spanFor(time, this.#era()) });
    if (this.#data.value.playing) await this.#ask(false);
    return true;
  }

  #playingChanged(playing: boolean): void {
    this.#data.update({ playing });
    if (!playing) this.#ask();
  }

  /** A rolling window moves with the clock, in steps, each a new question. */
  #keepUp(): void {
    const { time } = this.#view.value;
    if (!('preset' in time) || this.#data.value.playing) return;
    if (windowOf(time, this.#era()).from !== this.#window.from) this.#ask();
  }

  #era(): Era {
    const range = this.#city.range;
    const received = this.#data.value.freshness?.receivedAt;
    const now = this.#clock.now();
    const city = { zone: this.#zone, now, monthDay: this.#city.assessment_month_day };
    if (!range) return { ...city, range: received ? { from: received, to: now } : null };
    return { ...city, range: { from: Date.parse(range.from), to: Date.parse(range.to) } };
  }

  #beat(): number {
    return this.#data.value.beat + 1;
  }
}

function nothingYet(): DeskData {
  return {
    resolution: -1,
    cells: new Map(),
    beat: 0,
    totals: null,
    pending: true,
    scale: null,
    live: 'off',
    freshness: null,
    domain: null,
    series: null,
    facets: {},
    ranking: null,
    topCategories: null,
    trouble: null,
    playing: false,
    step: STEP_OF_BIN.day,
    overlay: null,
    picked: null,
    pointsNote: null,
  };
}
