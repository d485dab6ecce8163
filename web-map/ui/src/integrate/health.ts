import { ApiError, api } from '../api/client';
import type { FeedHealth, StreamHealth } from '../api/wire';
import type { DeskContext } from '../desk/context';
import { h, setText } from '../dom';
import type { Key } from '../i18n/i18n';

/** Streams without troubles are told up to so many; those with some come first anyway. */
const STREAMS_SHOWN = 60;

/** The states that a feed may be in, with the page's word for each. */
const STATES: Record<string, Key> = {
  ok: 'feeds.state.ok',
  new: 'feeds.state.new',
  quiet: 'feeds.state.quiet',
  never: 'feeds.state.never',
};

const TROUBLES: Record<string, Key> = {
  silent: 'feeds.silent',
  stuck: 'feeds.stuck',
  clock: 'feeds.clockOff',
};

/** Quiet feeds before the others, then the one that was heard last. */
export function inOrder(feeds: readonly FeedHealth[]): FeedHealth[] {
  const rank = ({ state }: FeedHealth) => (state === 'quiet' ? 0 : 1);
  const age = ({ age_s }: FeedHealth) => age_s ?? Number.POSITIVE_INFINITY;
  return [...feeds].sort((a, b) => rank(a) - rank(b) || age(a) - age(b) || a.source.localeCompare(b.source));
}

/** The refused rows of all feeds by rule, most first. */
export function rulesOf(feeds: readonly FeedHealth[]): string[] {
  const counts = new Map<string, number>();
  for (const { refused } of feeds)
    for (const [rule, rows] of Object.entries(refused)) counts.set(rule, (counts.get(rule) ?? 0) + rows);
  return [...counts].sort(([a, n], [b, m]) => m - n || a.localeCompare(b)).map(([rule]) => rule);
}

/** How each feed is; one is opened to see its datastreams. What is open stays open while the figures follow. */
export class HealthList {
  readonly element = h('ul', { class: 'feed-list' });
  readonly #context: DeskContext;
  readonly #signal: AbortSignal;
  readonly #rows = new Map<string, HTMLElement>();

  constructor(context: DeskContext, signal: AbortSignal) {
    this.#context = context;
    this.#signal = signal;
  }

  show(feeds: readonly FeedHealth[]): void {
    const rows = inOrder(feeds).map(feed => this.#row(feed));
    // Moved only where the order differs, so that focus and open details stay.
    for (const [i, row] of rows.entries()) {
      if (this.element.children[i] !== row) this.element.insertBefore(row, this.element.children[i] ?? null);
    }
    while (this.element.children.length > rows.length) this.element.lastElementChild?.remove();
  }

  #row(feed: FeedHealth): HTMLElement {
    const known = this.#rows.get(feed.source);
    const row = known ?? this.#make(feed.source);
    this.#rows.set(feed.source, row);
    const { texts } = this.#context;
    const t = texts.t.bind(texts);
    row.dataset.state = feed.state;
    const state = STATES[feed.state];
    setText(part(row, 'state'), state ? t(state) : feed.state);
    const seen = feed.age_s === null ? t('feeds.never') : texts.ago(feed.age_s * 1000);
    setText(part(row, 'seen'), seen);
    part(row, 'figures').replaceChildren(...this.#figures(feed));
    const troubles = [
      feed.silent > 0 && t('feeds.nSilent', { n: texts.whole(feed.silent) }),
      feed.stuck > 0 && t('feeds.nStuck', { n: texts.whole(feed.stuck) }),
      feed.clock_off > 0 && t('feeds.nClockOff', { n: texts.whole(feed.clock_off) }),
      feed.missing > 0 && t('feeds.nMissing', { n: texts.whole(feed.missing) }),
      feed.doubtful > 0 && t('feeds.nDoubtful', { n: texts.whole(feed.doubtful) }),
    ].filter(text => text !== false);
    const told = part(row, 'troubles');
    setText(told, troubles.join(' · '));
    told.hidden = troubles.length === 0;
    const streams = part(row, 'streams');
    streams.hidden = feed.datastreams === 0;
    const summary = streams.querySelector('summary');
    if (summary) setText(summary, t('feeds.streams', { n: texts.whole(feed.datastreams) }));
    return row;
  }

  #figures(feed: FeedHealth): HTMLElement[] {
    const { texts } = this.#context;
    const t = texts.t.bind(texts);
    const rate = (value: number | null) => (value === null ? '–' : texts.rate(value));
    const refused = Object.values(feed.refused).reduce((sum, rows) => sum + rows, 0);
    const byRule = Object.entries(feed.refused)
      .sort(([, n], [, m]) => m - n)
      .map(([rule, rows]) => `${rule} ${texts.whole(rows)}`)
      .join(' · ');
    const figures: [Key, string, string?][] = [
      ['feeds.rateNow', rate(feed.rate_now)],
      ['feeds.rateUsual', rate(feed.rate_usual)],
      ['feeds.lag', feed.lag_s === null ? '–' : texts.age(Math.max(0, feed.lag_s) * 1000)],
      ['feeds.accepted', texts.whole(feed.accepted + feed.updated)],
      ['feeds.duplicate', texts.whole(feed.duplicate)],
      ['feeds.rejected', texts.whole(refused), byRule],
    ];
    return figures.map(([key, value, more]) =>
      h(
        'div',
        {},
        h('dt', {}, t(key)),
        h('dd', {}, value),
        more ? h('dd', { class: 'by-rule' }, more) : null,
      ),
    );
  }

  #make(source: string): HTMLElement {
    const streams = h('div', {});
    const details = h(
      'details',
      {
        'data-part': 'streams',
        ontoggle: () => {
          if (details.open) void this.#streams(source, streams);
        },
      },
      h('summary', {}),
      streams,
    );
    return h(
      'li',
      { 'data-feed': source },
      h(
        'header',
        {},
        h('i', { class: 'dot' }),
        h('strong', { dir: 'auto' }, source),
        h('span', { class: 'state', 'data-part': 'state' }),
        h('span', { class: 'muted', 'data-part': 'seen' }),
      ),
      h('p', { class: 'troubles', 'data-part': 'troubles' }),
      h('dl', { class: 'feed-figures', 'data-part': 'figures' }),
      details,
    );
  }

  async #streams(source: string, into: HTMLElement): Promise<void> {
    const { texts } = this.#context;
    const t = texts.t.bind(texts);
    if (!into.firstChild) into.append(h('p', { class: 'muted' }, t('feeds.working')));
    try {
      const { streams } = await api.feed(source, this.#signal);
      const shown = streams.slice(0, STREAMS_SHOWN);
      into.replaceChildren(
        h(
          'table',
          { class: 'feed-table' },
          h(
            'thead',
            {},
            h(
              'tr',
              {},
              h('th', { scope: 'col' }, t('feeds.stream')),
              h('th', { scope: 'col' }, t('feeds.troubles')),
              h('th', { scope: 'col', class: 'number' }, t('feeds.gaps')),
              h('th', { scope: 'col', class: 'number' }, t('feeds.lastSeen')),
            ),
          ),
          h('tbody', {}, ...shown.map(stream => this.#stream(stream))),
        ),
        ...(streams.length > shown.length
          ? [h('p', { class: 'muted' }, t('feeds.moreStreams', { n: streams.length - shown.length }))]
          : []),
      );
    } catch (error) {
      if (error instanceof ApiError) into.replaceChildren(h('p', { class: 'refused' }, error.message));
    }
  }

  #stream({ datastream, troubles, gaps, last_seen, clock_off_hours }: StreamHealth): HTMLElement {
    const { texts, clock } = this.#context;
    const t = texts.t.bind(texts);
    const words = troubles.map(trouble => {
      const key = TROUBLES[trouble];
      const word = key ? t(key) : trouble;
      return trouble === 'clock' && clock_off_hours !== null
        ? `${word} (${clock_off_hours > 0 ? '+' : ''}${clock_off_hours} h)`
        : word;
    });
    return h(
      'tr',
      { 'data-stream': datastream },
      h('th', { scope: 'row', dir: 'auto' }, datastream),
      h('td', { class: 'troubles' }, words.join(' · ') || '–'),
      h('td', { class: 'number' }, texts.whole(gaps)),
      h('td', { class: 'number' }, texts.ago(Math.max(0, clock.now() - Date.parse(last_seen)))),
    );
  }
}

function part(row: HTMLElement, name: string): HTMLElement {
  const found = row.querySelector<HTMLElement>(`[data-part="${name}"]`);
  if (!found) throw new Error(`a feed's row has a part ${name}`);
  return found;
}
