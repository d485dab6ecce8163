import { bursts } from '../analysis/bursts';
import { placeOf } from '../analysis/result';
import { findingList } from '../analysis/rows';
import { instantOf, num, str } from '../analysis/run';
import { ApiError } from '../api/client';
import type { DeskContext, Panel } from '../desk/context';
import { h } from '../dom';
import { burstsNow } from './bursts-now';
import { rulesPanel } from './rules';
import { toldPanel } from './told';
import '../styles/feeds.css';

const FOLLOW_EVERY = 60_000;

/** What the standing rules told and nobody has settled yet; and what is suddenly more than usual now, by the street, drawn on the map. */
export function alertsPanel(context: DeskContext): Panel {
  const { city, texts, zone, clock, names, actions } = context;
  const t = texts.t.bind(texts);
  const told = toldPanel(context);
  const rules = rulesPanel(context);
  const body = h('div', { role: 'status' }, h('p', { class: 'muted' }, t('panel.loading')));
  const element = h(
    'div',
    { class: 'panel-body alerts' },
    h('h2', {}, t('alerts.title')),
    told.element,
    h('section', {}, h('h3', {}, t('alerts.bursts')), h('p', { class: 'muted' }, t('alerts.asks')), body),
    rules.element,
  );
  const abort = new AbortController();
  const load = async () => {
    try {
      const [{ question, found }] = await Promise.all([
        burstsNow(city, actions.era(), abort.signal),
        names.all(),
      ]);
      if (abort.signal.aborted) return;
      const goTo = (place: ReturnType<typeof placeOf>) => {
        const known = 'cell' in place ? null : names.area(place.level, place.id);
        if (known) actions.zoomTo(known.lon, known.lat, known.km2);
        actions.point('cell' in place ? { cell: place.cell } : { area: place });
      };
      const shown = bursts({ question, found, city, zone, texts, names, now: clock.now(), goTo });
      actions.overlay(shown.overlay);
      body.replaceChildren(
        found.rows.length === 0
          ? h('p', { class: 'muted' }, t('alerts.none'))
          : findingList(
              found.rows.map(row => {
                const place = placeOf(row, question);
                const name = 'cell' in place ? place.cell : names.name(place.level, place.id, texts.lang);
                return {
                  key: 'cell' in place ? place.cell : `${place.level}:${place.id}`,
                  title: `${name} · ${str(row, 'category')}`,
                  detail: `${texts.date(instantOf(row, 'time'))} · ${t('result.usual', { n: texts.rate(num(row, 'expected')) })}`,
                  value: texts.whole(num(row, 'count')),
                  onclick: () => goTo(place),
                };
              }),
            ),
      );
    } catch (error) {
      if (error instanceof ApiError) {
        body.replaceChildren(h('p', { class: 'refused', role: 'alert' }, error.message || t('state.down')));
      }
    }
  };
  void load();
  const follow = setInterval(() => void load(), FOLLOW_EVERY);
  return {
    element,
    dispose: () => {
      clearInterval(follow);
      told.dispose();
      rules.dispose();
      abort.abort();
      actions.overlay(null);
    },
  };
}
