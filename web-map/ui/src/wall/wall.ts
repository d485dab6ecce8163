import { api } from '../api/client';
import { EVERYTHING, query } from '../api/filter';
import type { Areas, CellValue, City, Freshness, Totals } from '../api/wire';
import { h, setText } from '../dom';
import { firstLang, isLang, type Lang, pick } from '../i18n/i18n';
import { type LiveState, LiveStream } from '../live/stream';
import { HeatMap } from '../map/heat-map';
import { ScaleBook } from '../map/scale-book';
import { Texts } from '../texts';
import type { Clock } from '../time/clock';
import { type Instant, Zone } from '../time/zone';
import { classBar, ranking } from './parts';
import '../styles/wall.css';

/** The ranking is counted anew this often; between, the stream keeps it. Milliseconds. */
const RANKING_EVERY = 60_000;

/**
 * The wall: today on a full screen, seen from afar, with nothing to operate. It begins a new day at midnight
 * by itself, reconnects by itself, and says so when it is stale.
 */
export class Wall {
  readonly #city: City;
  readonly #clock: Clock;
  readonly #zone: Zone;
  readonly #texts: Texts;
  readonly #root: HTMLElement;
  readonly #book = new ScaleBook();
  readonly #mapHost = h('div', { class: 'map-canvas' });
  readonly #total = h('div', { class: 'number', 'data-figure': 'total' }, '–');
  readonly #split = h('p', { class: 'split' });
  readonly #rate = h('div', { class: 'number small' }, '–');
  readonly #last = h('div', { class: 'number small' }, '–');
  readonly #time = h('div', { class: 'clock-time' });
  readonly #date = h('div', { class: 'clock-date' });
  readonly #ranking = h('div');
  readonly #legend = h('div', { class: 'wall-legend' });
  readonly #live = h('div', { class: 'freshness', role: 'status' }, h('i', { class: 'dot' }), h('strong'));
  readonly #stale = h('div', { class: 'wall-stale', hidden: true });
  #map: HeatMap | null = null;
  #stream: LiveStream | null = null;
  #day: Instant = 0;
  /** The colour scale is made anew each hour: a morning's would be too small for the evening. */
  #hour: Instant = 0;
  #cells = new Map<string, number>();
  #freshness: Freshness | null = null;
  #areas: Areas | null = null;
  #state: LiveState = 'connecting';

  constructor(root: HTMLElement, city: City, clock: Clock) {
    this.#root = root;
    this.#city = city;
    this.#clock = clock;
    this.#zone = new Zone(city.time_zone);
    this.#texts = new Texts(language(city), this.#zone);
  }

  async start(): Promise<void> {
    document.documentElement.lang = this.#texts.locale;
    document.documentElement.classList.add('wall');
    document.title = this.#city.name;
    this.#root.replaceChildren(this.#layOut());
    this.#map = new HeatMap(
      this.#mapHost,
      this.#city,
      this.#texts.lang,
      { camera: null, interactive: false, padding: wallPadding() },
      { resolution: () => this.#day > 0 && this.#listen() },
    );
    addEventListener('resize', () => this.#map?.fitCity());
    await this.#map.ready();
    this.#tick();
    setInterval(() => this.#tick(), 500);
    setInterval(() => void this.#rank(), RANKING_EVERY);
  }

  #layOut(): HTMLElement {
    const t = this.#texts.t.bind(this.#texts);
    const level = this.#city.levels[0];
    const levelName = level ? pick(level.names, this.#texts.lang, level.level) : '';
    return h(
      'main',
      { class: 'wall-page' },
      this.#mapHost,
      h('header', { class: 'wall-head' }, h('h1', {}, this.#city.name), this.#live),
      h('div', { class: 'wall-clock' }, this.#time, this.#date),
      h(
        'section',
        { class: 'wall-figures' },
        h('h2', {}, t('wall.today')),
        this.#total,
        this.#split,
        h(
          'div',
          { class: 'pair' },
          h('div', {}, h('h3', {}, t('wall.perMinute')), this.#rate),
          h('div', {}, h('h3', {}, t('wall.lastRecord')), this.#last),
        ),
      ),
      h(
        'section',
        { class: 'wall-ranking' },
        h('h2', {}, t('wall.ranking', { level: levelName })),
        this.#ranking,
      ),
      this.#legend,
      this.#stale,
    );
  }

  /** Once a second or so: the clock, ages, and at midnight a new day. */
  #tick(): void {
    const { locale } = this.#texts;
    const now = this.#clock.now();
    setText(this.#time, this.#texts.time(now));
    const date = { year: 'numeric', month: 'long', day: 'numeric', weekday: 'long' } as const;
    setText(this.#date, this.#zone.format(locale, date).format(now));
    const hour = this.#zone.floor(now, 'hour');
    if (hour !== this.#hour) {
      this.#hour = hour;
      if (this.#map && this.#cells.size > 0) this.#paint(this.#map.resolution);
    }
    const day = this.#zone.floor(now, 'day');
    if (day !== this.#day) {
      this.#day = day;
      this.#listen();
    }
    this.#showFreshness();
  }

  #listen(): void {
    this.#stream?.close();
    const resolution = this.#map?.resolution ?? this.#city.base_resolution;
    const params = query(EVERYTHING, { from: this.#day, to: null }, { resolution });
    this.#stream = new LiveStream(params, {
      snapshot: snapshot => {
        this.#cells = new Map(snapshot.cells);
        this.#paint(resolution);
        this.#count(snapshot);
        void this.#rank();
        document.documentElement.dataset.ready = 'true';
      },
      cells: change => {
        for (const [cell, value] of change.cells) this.#cells.set(cell, value);
        this.#changed(resolution, change.cells);
        this.#count(change);
      },
      areas: change => {
        const values = new Map(change.areas);
        for (const area of this.#areas?.areas ?? []) area.value = values.get(area.id) ?? area.value;
        this.#showRanking();
      },
      freshness: freshness => {
        this.#clock.set(freshness.server_time);
        this.#freshness = freshness;
      },
      state: state => {
        this.#state = state;
        this.#showFreshness();
      },
    });
  }

  #paint(resolution: number): void {
    const question = { filter: EVERYTHING, method: 'geometric', length: `hour ${this.#hour}` } as const;
    const scale = this.#book.scale(question, resolution, this.#cells.values());
    this.#map?.painter.colour(resolution, scale);
    this.#map?.painter.show(resolution, this.#cells);
    this.#legend.replaceChildren(classBar(scale, this.#texts));
  }

  #changed(resolution: number, cells: CellValue[]): void {
    this.#map?.painter.change(resolution, cells);
    if (!this.#book.holds(resolution)) this.#paint(resolution);
  }

  #count({ total, located, area_only, outside, not_located }: Totals): void {
    const { t, whole } = bound(this.#texts);
    setText(this.#total, whole(total));
    this.#total.dataset.value = String(total);
    const parts = [
      `${t('figures.located')} ${whole(located)}`,
      ...(area_only > 0 ? [`${t('figures.areaOnly')} ${whole(area_only)}`] : []),
      `${t('figures.outside')} ${whole(outside)}`,
      `${t('figures.notLocated')} ${whole(not_located)}`,
    ];
    setText(this.#split, parts.join('  ·  '));
  }

  async #rank(): Promise<void> {
    const level = this.#city.levels[0]?.level;
    if (!level) return;
    const params = query(EVERYTHING, { from: this.#day, to: null }, { level });
    // A failure here shows as a stale stream; the last ranking stays until then.
    this.#areas = await api.areas(params).catch(() => this.#areas);
    this.#showRanking();
  }

  #showRanking(): void {
    if (this.#areas) this.#ranking.replaceChildren(ranking(this.#areas.areas, this.#texts));
  }

  #showFreshness(): void {
    const texts = this.#texts;
    this.#live.dataset.live = this.#state;
    document.documentElement.dataset.live = this.#state;
    setText(this.#live.querySelector('strong') ?? this.#live, texts.t(`live.${this.#state}`));
    const received = this.#freshness?.received_at;
    setText(this.#rate, this.#freshness ? texts.rate(this.#freshness.per_minute) : '–');
    const age = received ? Math.max(0, this.#clock.now() - Date.parse(received)) : null;
    setText(this.#last, age === null ? '–' : texts.ago(age));
    const silence = this.#stream?.silence ?? 0;
    this.#stale.hidden = this.#state !== 'stale';
    if (this.#stale.hidden) return;
    const words = [
      texts.t('live.stale'),
      texts.t('live.silent', { age: texts.age(silence) }),
      texts.t('live.staleSince', { time: texts.time(this.#clock.now() - silence) }),
    ];
    setText(this.#stale, words.join('  '));
  }
}

/** Chinese first on a wall, unless the address or the city says otherwise. */
function language(city: City): Lang {
  const asked = new URLSearchParams(location.search).get('lang') ?? '';
  return isLang(asked) ? asked : firstLang(city.languages, navigator.languages);
}

/** Room for the panels at both sides, in pixels. */
function wallPadding() {
  const side = Math.round(innerWidth * 0.27);
  const edge = Math.round(innerHeight * 0.06);
  return { top: edge, bottom: edge, left: side, right: side };
}

function bound(texts: Texts) {
  return { t: texts.t.bind(texts), whole: texts.whole.bind(texts) };
}
