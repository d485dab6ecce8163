import { burstsNow } from '../alerts/bursts-now';
import { instantOf, num, type Row, str } from '../analysis/run';
import { api } from '../api/client';
import { EVERYTHING, query } from '../api/filter';
import type { Areas, CellValue, City, Freshness, Totals } from '../api/wire';
import { AreaNames } from '../desk/area-names';
import { h, setText } from '../dom';
import { firstLang, isLang, type Lang, pick } from '../i18n/i18n';
import { word } from '../i18n/words';
import { type LiveState, LiveStream } from '../live/stream';
import { HeatMap } from '../map/heat-map';
import { zoomForArea } from '../map/levels';
import { ScaleBook } from '../map/scale-book';
import { Texts } from '../texts';
import type { Clock } from '../time/clock';
import { type Instant, Zone } from '../time/zone';
import { type DayFigures, dayFigures, type Feed, feedsOf, risingTopics } from './day-figures';
import { classBar, comparison, ranking } from './parts';
import { ALERT_MS, SCENE_MS, SCENES, type Scene, scenesFor } from './scenes';
import { type Told, ToldNow } from './told-now';
import { Turn } from './turn';
import '../styles/wall.css';

/** The ranking is counted anew this often; between, the stream keeps it. Milliseconds. */
const RANKING_EVERY = 60_000;
/** Comparisons, topics, feeds and alerts follow this often. */
const FACTS_EVERY = 60_000;

/** How long the city is seen between two critical alerts, ms. */
const CITY_MS = 3_000;

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
  readonly #comparisons = h('dl', { class: 'comparisons' });
  readonly #scene = h('h2', { class: 'scene-title', 'data-scene': '' });
  readonly #dots = h('div', { class: 'scene-dots', 'aria-hidden': 'true' });
  readonly #topics = h('div');
  readonly #ticker = h('div', { class: 'wall-ticker', role: 'status' });
  readonly #alert = h('div', { class: 'wall-alert', hidden: true, role: 'alert' });
  readonly #feeds = h('ul', { class: 'wall-feeds' });
  readonly #names: AreaNames;
  #scenes: Scene[] = SCENES.filter(({ filter }) => filter === EVERYTHING);
  #at = 0;
  #sceneSince = Date.now();
  #today: DayFigures | null = null;
  #total0 = 0;
  #bursts: { row: Row; level: string }[] = [];
  readonly #alerts: ToldNow;
  readonly #turn = new Turn(ALERT_MS);
  /** What is critical and came while something as critical had the stage. */
  #next: (() => void) | null = null;
  /** What is told when the first values are on the map, so that the tiles of its place do not hold them up; null from then on. */
  #held: (() => void)[] | null = [];
  #stageEnds: ReturnType<typeof setTimeout> | undefined;
  #told = new Set<string>();
  #lastFeeds: Feed[] = [];
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
    this.#names = new AreaNames(city);
    this.#alerts = new ToldNow(this.#names, this.#texts, fresh => {
      this.#showTicker();
      if (fresh) this.#stageAlert(fresh);
    });
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
    void this.#facts();
    setInterval(() => void this.#facts(), FACTS_EVERY);
    void this.#findScenes();
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
        this.#comparisons,
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
      h('section', { class: 'wall-topics' }, h('h2', {}, t('wall.topics')), this.#topics),
      h('section', { class: 'wall-feed-box' }, h('h2', {}, t('wall.feeds')), this.#feeds),
      h('div', { class: 'wall-scene' }, this.#scene, this.#dots),
      this.#legend,
      this.#ticker,
      this.#alert,
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
    if (Date.now() - this.#sceneSince > SCENE_MS && this.#alert.hidden && this.#stale.hidden)
      this.#nextScene();
    this.#showFreshness();
  }

  get #shown(): Scene {
    return this.#scenes[this.#at] ?? TODAY;
  }

  #nextScene(): void {
    this.#sceneSince = Date.now();
    if (this.#scenes.length < 2) return;
    this.#at = (this.#at + 1) % this.#scenes.length;
    this.#listen();
  }

  /** The scenes that this city's categories allow. */
  async #findScenes(): Promise<void> {
    const params = query(EVERYTHING, { from: null, to: null }, { by: 'category', limit: 400 });
    const found = await api.breakdown(params).catch(() => null);
    if (found) this.#scenes = scenesFor(found.groups.flatMap(({ key }) => (key === null ? [] : [key])));
    this.#showScene();
  }

  #showScene(): void {
    setText(this.#scene, this.#texts.t(this.#shown.title));
    this.#scene.dataset.scene = this.#shown.id;
    this.#dots.replaceChildren(...this.#scenes.map((_, i) => h('i', { class: i === this.#at ? 'on' : '' })));
  }

  /** What changes slowly: comparisons, topics, feeds, alerts. Each stands for itself; what fails keeps its last state. */
  async #facts(): Promise<void> {
    const now = this.#clock.now();
    const largest = this.#city.levels[0]?.level ?? 'district';
    await Promise.all([
      dayFigures(now, this.#zone, largest).then(figures => {
        this.#today = figures;
        this.#compare();
      }),
      risingTopics(now)
        .then(topics => {
          const { texts } = { texts: this.#texts };
          this.#topics.replaceChildren(
            topics.length === 0
              ? h('p', { class: 'muted' }, texts.t('wall.noTopics'))
              : h(
                  'ol',
                  { class: 'wall-bars' },
                  ...topics.map(({ name, now: count, usual }) =>
                    h(
                      'li',
                      {
                        style: `--part:${(count / Math.max(1, ...topics.map(topic => topic.now))).toFixed(3)}`,
                      },
                      h('span', { class: 'name', dir: 'auto' }, word(name, texts.lang)),
                      h(
                        'span',
                        { class: 'rise' },
                        usual > 0 ? `↑ ${texts.percent(count - usual, usual)}` : '↑',
                      ),
                      h('span', { class: 'count' }, texts.whole(count)),
                    ),
                  ),
                ),
          );
        })
        .catch(() => {}),
      this.#alerts.load().catch(() => {}),
      this.#findBursts().catch(() => {}),
    ]);
  }

  #compare(): void {
    if (!this.#today) return;
    this.#comparisons.replaceChildren(...comparison(this.#total0, this.#today, this.#texts));
  }

  #showFeeds(): void {
    const texts = this.#texts;
    this.#feeds.replaceChildren(
      ...this.#lastFeeds.map(({ source, receivedAt }) => {
        const age = Math.max(0, this.#clock.now() - receivedAt);
        const quiet = age > 10 * 60_000;
        return h(
          'li',
          { 'data-quiet': String(quiet) },
          h('i', { class: 'dot' }),
          h('span', { class: 'name' }, source),
          h('span', {}, quiet ? texts.t('wall.quiet', { age: texts.age(age) }) : texts.ago(age)),
        );
      }),
    );
  }

  async #findBursts(): Promise<void> {
    const range = this.#city.range;
    const era = {
      zone: this.#zone,
      now: this.#clock.now(),
      monthDay: this.#city.assessment_month_day,
      range: range ? { from: Date.parse(range.from), to: Date.parse(range.to) } : null,
    };
    const [{ question, found }] = await Promise.all([
      burstsNow(this.#city, era, new AbortController().signal),
      this.#names.all(),
    ]);
    const level = question.values.by ?? '';
    const first = this.#told.size === 0;
    this.#bursts = found.rows.slice(0, 12).map(row => ({ row, level }));
    const words = this.#bursts.map(burst => this.#burstWords(burst));
    this.#showTicker();
    const fresh = words.find(text => !this.#told.has(text));
    for (const text of words) this.#told.add(text);
    this.#told.add('');
    // What was there before the wall was opened runs in the ticker; only the strongest takes the stage once.
    if (fresh && (first ? words[0] : fresh)) this.#stageBurst(fresh);
  }

  /** Alerts of the rules, the gravest first, then bursts. It is drawn anew only when something else is to be said: the belt runs on. */
  #showTicker(): void {
    const told = this.#alerts.list(this.#clock.now()).slice(0, 12);
    const bursts = this.#bursts.map(burst => this.#burstWords(burst));
    const said = JSON.stringify([told.map(({ alert }) => [alert.id, alert.state]), bursts]);
    if (said === this.#ticker.dataset.said) return;
    this.#ticker.dataset.said = said;
    this.#ticker.replaceChildren(
      h('strong', {}, this.#texts.t('wall.alerts')),
      told.length + bursts.length === 0
        ? h('span', { class: 'muted' }, this.#texts.t('wall.noAlerts'))
        : h(
            'div',
            { class: 'belt' },
            h(
              'p',
              {},
              ...told.map(({ alert, text }) =>
                h('span', { 'data-severity': alert.severity, 'data-alert': alert.id }, text),
              ),
              ...bursts.map(text => h('span', { 'data-burst': '' }, text)),
            ),
          ),
    );
  }

  #burstWords({ row, level }: { row: Row; level: string }): string {
    const texts = this.#texts;
    return (
      texts.t('wall.alert', {
        place: this.#names.name(level, str(row, level), texts.lang),
        what: word(str(row, 'category') || texts.t('filter.none'), texts.lang),
        count: texts.whole(num(row, 'count')),
        expected: texts.rate(num(row, 'expected')),
      }) +
      ` (${this.#zone.format(texts.locale, { month: 'numeric', day: 'numeric' }).format(instantOf(row, 'time'))})`
    );
  }

  #stageBurst(text: string): void {
    const burst = this.#bursts.find(one => this.#burstWords(one) === text);
    this.#stage(text, 'burst', burst ? this.#names.area(burst.level, str(burst.row, burst.level)) : null);
  }

  #stageAlert({ alert, text }: Told): void {
    const { area, level, lon, lat } = alert.about;
    const named = area && level ? this.#names.area(level, area) : null;
    const point = lon != null && lat != null ? { lon, lat, km2: 1 } : null;
    this.#stage(text, alert.severity, named ?? point);
  }

  /** What is told has the stage for a while: said large, and the map goes there and back. */
  #stage(text: string, severity: string, place: StagePlace | null): void {
    if (this.#held) {
      this.#held.push(() => this.#stage(text, severity, place));
      return;
    }
    if (!this.#turn.takes(severity, performance.now())) {
      // Nothing critical is left to the ticker alone: the newest comes next.
      if (severity === 'critical') this.#next = () => this.#stage(text, severity, place);
      return;
    }
    setText(this.#alert, text);
    this.#alert.dataset.severity = severity;
    this.#alert.hidden = false;
    if (place && this.#map) {
      if (place.level && place.id) this.#map.select({ area: { level: place.level, id: place.id } });
      this.#map.goTo({
        lon: place.lon,
        lat: place.lat,
        zoom: Math.max(this.#map.camera.zoom, zoomForArea(place.km2, place.lat) - 1.4),
      });
    } else {
      // It is nowhere, so not where the one before it was.
      this.#map?.select(null);
      this.#map?.fitCity();
    }
    clearTimeout(this.#stageEnds);
    this.#stageEnds = setTimeout(() => {
      this.#alert.hidden = true;
      this.#map?.select(null);
      this.#map?.fitCity();
      // The city is seen between two alerts.
      const next = this.#next;
      this.#next = null;
      if (next) setTimeout(next, CITY_MS);
    }, ALERT_MS);
  }

  #listen(): void {
    this.#stream?.close();
    this.#showScene();
    const scene = this.#shown;
    const from = scene.days === 0 ? this.#day : this.#zone.addDays(this.#day, -scene.days);
    const resolution = this.#map?.resolution ?? this.#city.base_resolution;
    const params = query(scene.filter, { from, to: null }, { resolution });
    this.#stream = new LiveStream(params, {
      snapshot: snapshot => {
        this.#cells = new Map(snapshot.cells);
        this.#paint(resolution);
        if (scene.id === 'today') this.#count(snapshot);
        void this.#rank();
        document.documentElement.dataset.ready = 'true';
        const held = this.#held ?? [];
        this.#held = null;
        for (const told of held) told();
      },
      cells: change => {
        for (const [cell, value] of change.cells) this.#cells.set(cell, value);
        this.#changed(resolution, change.cells);
        if (scene.id === 'today') this.#count(change);
      },
      areas: change => {
        const values = new Map(change.areas);
        if (scene.id !== 'today') return;
        for (const area of this.#areas?.areas ?? []) area.value = values.get(area.id) ?? area.value;
        this.#showRanking();
      },
      freshness: freshness => {
        this.#clock.set(freshness.server_time);
        this.#freshness = freshness;
        this.#lastFeeds = feedsOf(freshness);
      },
      state: state => {
        this.#state = state;
        this.#showFreshness();
      },
    });
  }

  #paint(resolution: number): void {
    const { filter, id } = this.#shown;
    const question = { filter, method: 'geometric', length: `${id} ${this.#hour}` } as const;
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
    this.#total0 = total;
    this.#compare();
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
    this.#showFeeds();
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

/** Where the stage is: a point in WGS 84 degrees with the surface around it, and the area if it is one. */
interface StagePlace {
  lon: number;
  lat: number;
  km2: number;
  level?: string;
  id?: string;
}

const TODAY: Scene = { id: 'today', title: 'wall.scene.today', filter: EVERYTHING, days: 0 };

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
