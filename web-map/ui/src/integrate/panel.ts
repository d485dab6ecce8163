import { ApiError, api } from '../api/client';
import type { DeskContext, Panel } from '../desk/context';
import { h } from '../dom';
import { HealthList } from './health';
import { keysPanel } from './keys';
import { RefusedList } from './refused';
import '../styles/feeds.css';

const FOLLOW_EVERY = 10_000;

/** For integrators: how each feed is, what was refused and why, a second chance for it, and keys. */
export function feedsPanel(context: DeskContext): Panel {
  const { texts } = context;
  const t = texts.t.bind(texts);
  const abort = new AbortController();
  const health = new HealthList(context, abort.signal);
  const refused = new RefusedList(context, abort.signal, () => void load());
  const keys = keysPanel(context);
  const told = h('p', { class: 'muted', role: 'status' }, t('feeds.working'));
  const element = h(
    'div',
    { class: 'panel-body feeds' },
    h('h2', {}, t('feeds.title')),
    h('p', { class: 'muted' }, t('feeds.asks')),
    h('section', {}, told, health.element),
    refused.element,
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
          h('li', {}, h('code', {}, `POST ${location.origin}/v1/${name}`)),
        ),
      ),
      h('p', {}, h('a', { class: 'link', href: '/docs' }, t('feeds.docs'))),
    ),
  );

  const load = async () => {
    try {
      const { feeds } = await api.feeds(abort.signal);
      told.hidden = feeds.length > 0;
      told.className = 'muted';
      told.textContent = t('feeds.none');
      health.show(feeds);
      refused.offer(feeds);
    } catch (error) {
      if (!(error instanceof ApiError)) return;
      told.hidden = false;
      told.className = 'refused';
      told.textContent = error.message || t('state.down');
    }
  };

  void load();
  void refused.load();
  const follow = setInterval(() => {
    if (document.hidden) return;
    void load();
    void refused.load();
  }, FOLLOW_EVERY);
  return {
    element,
    dispose: () => {
      clearInterval(follow);
      keys.dispose();
      abort.abort();
    },
  };
}
