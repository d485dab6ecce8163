import { parseInstant } from '../analysis/run';
import { ApiError, api } from '../api/client';
import type { DeskContext, Panel } from '../desk/context';
import { h } from '../dom';
import { keysPanel } from './keys';
import '../styles/feeds.css';

const FOLLOW_EVERY = 15_000;

/** For integrators: who has sent what, how long ago, and what was refused and why. */
export function feedsPanel(context: DeskContext): Panel {
  const { texts, clock } = context;
  const keys = keysPanel(context);
  const t = texts.t.bind(texts);
  const feeds = h('div', {}, h('p', { class: 'muted' }, t('feeds.working')));
  const refused = h('div', {}, h('p', { class: 'muted' }, t('feeds.working')));
  const origin = location.origin;
  const element = h(
    'div',
    { class: 'panel-body feeds' },
    h('h2', {}, t('feeds.title')),
    h('p', { class: 'muted' }, t('feeds.asks')),
    h('section', {}, feeds),
    h('section', {}, h('h3', {}, t('feeds.refusedTitle')), refused),
    keys.element,
    h(
      'section',
      {},
      h('h3', {}, t('feeds.connect')),
      h('p', {}, t('feeds.connectHint')),
      h(
        'ul',
        { class: 'addresses' },
        ...['complaints', 'complaint-events', 'observations'].map(name =>
          h('li', {}, h('code', {}, `POST ${origin}/v1/${name}`)),
        ),
      ),
      h('p', {}, h('a', { class: 'link', href: '/docs' }, t('feeds.docs'))),
    ),
  );
  const abort = new AbortController();

  const load = async () => {
    try {
      const [{ rows: sources }, { rows: rejected }] = await Promise.all([
        api.sql({ sql: 'SELECT * FROM feeds ORDER BY received_at DESC NULLS LAST' }, abort.signal),
        api.sql({ sql: 'SELECT * FROM rejected ORDER BY received_at DESC LIMIT 50' }, abort.signal),
      ]);
      feeds.replaceChildren(
        sources.length === 0 ? h('p', { class: 'muted' }, t('feeds.none')) : feedTable(sources),
      );
      refused.replaceChildren(
        ...(rejected.length === 0
          ? [h('p', { class: 'muted' }, t('feeds.noneRefused'))]
          : [
              h('ol', { class: 'refusals' }, ...rejected.map(refusal)),
              h(
                'p',
                { class: 'muted' },
                t('feeds.replayHint'),
                ' ',
                h('code', {}, 'citybrain rejected replay'),
              ),
            ]),
      );
    } catch (error) {
      if (!(error instanceof ApiError)) return;
      if (error.status === 403) return loadFreshness();
      feeds.replaceChildren(h('p', { class: 'refused', role: 'alert' }, error.message || t('state.down')));
      refused.replaceChildren();
    }
  };

  /** A role that may not ask for SQL is told by the server how its feeds are, and nothing of what was refused. */
  const loadFreshness = async () => {
    const found = await api.freshness(abort.signal).catch(() => null);
    if (!found) return;
    feeds.replaceChildren(
      found.feeds.length === 0
        ? h('p', { class: 'muted' }, t('feeds.none'))
        : h(
            'table',
            { class: 'feed-table' },
            h(
              'thead',
              {},
              h(
                'tr',
                {},
                h('th', { scope: 'col' }, t('feeds.source')),
                h('th', { scope: 'col', class: 'number' }, t('feeds.lastSeen')),
              ),
            ),
            h(
              'tbody',
              {},
              ...found.feeds.map(({ source, age_s }) =>
                h(
                  'tr',
                  {},
                  h('th', { scope: 'row' }, source),
                  h('td', { class: 'number' }, texts.ago(age_s * 1000)),
                ),
              ),
            ),
          ),
    );
    refused.replaceChildren(h('p', { class: 'muted' }, t('feeds.planners')));
  };

  const feedTable = (sources: readonly Record<string, unknown>[]) =>
    h(
      'table',
      { class: 'feed-table' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, t('feeds.source')),
          ...(
            [
              'feeds.complaints',
              'feeds.events',
              'feeds.observations',
              'feeds.rejected',
              'feeds.lastSeen',
            ] as const
          ).map(key => h('th', { scope: 'col', class: 'number' }, t(key))),
        ),
      ),
      h(
        'tbody',
        {},
        ...sources.map(row => {
          const seen = row.received_at ? parseInstant(String(row.received_at)) : null;
          const count = (name: string) => h('td', { class: 'number' }, texts.whole(Number(row[name] ?? 0)));
          return h(
            'tr',
            {},
            h('th', { scope: 'row' }, String(row.source)),
            count('complaints'),
            count('complaint_events'),
            count('observations'),
            count('rejected'),
            h('td', { class: 'number' }, seen === null ? t('feeds.never') : texts.ago(clock.now() - seen)),
          );
        }),
      ),
    );

  const refusal = (row: Record<string, unknown>) => {
    const text = (...names: string[]) =>
      names.map(name => row[name]).find(value => typeof value === 'string') ?? '';
    const at = row.received_at ? texts.dateTime(parseInstant(String(row.received_at))) : '';
    return h(
      'li',
      {},
      h('strong', {}, String(text('message', 'reason', 'rule'))),
      h('span', { class: 'muted' }, [row.source, text('rule'), at].filter(Boolean).join(' · ')),
      h('pre', {}, String(text('raw', 'record', 'input')).slice(0, 600)),
    );
  };

  void load();
  const follow = setInterval(() => void load(), FOLLOW_EVERY);
  return {
    element,
    dispose: () => {
      clearInterval(follow);
      keys.dispose();
      abort.abort();
    },
  };
}
