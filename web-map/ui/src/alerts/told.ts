import { ApiError, api, send } from '../api/client';
import type { Alert, RuleEntry } from '../api/wire';
import type { DeskContext, Panel } from '../desk/context';
import { h } from '../dom';
import { LIVE_ALERTS } from '../live/stream';
import { alertPlace, ruleName } from './words';

/** What a person does with an alert. */
type Act = 'acknowledge' | 'escalate' | 'resolve';

/** As often the list is asked for, besides what the live stream tells. Milliseconds. */
const FOLLOW_EVERY = 30_000;

/**
 * The alerts of the standing rules that are open: what, where, since when, whose turn it is; to be acknowledged, taken a level up, or
 * resolved. It follows the live stream.
 */
export function toldPanel(context: DeskContext): Panel {
  const { city, texts, clock, names, actions } = context;
  const t = texts.t.bind(texts);
  const open = new Map<number, Alert>();
  let rules: readonly RuleEntry[] = [];
  const list = h('div', { role: 'status' }, h('p', { class: 'muted' }, t('panel.loading')));
  const trouble = h('p', { class: 'refused', role: 'alert', hidden: true });
  const element = h('section', { class: 'told' }, h('h3', {}, t('alerts.open')), trouble, list);
  const abort = new AbortController();

  const say = (error: unknown) => {
    if (!(error instanceof ApiError)) return;
    trouble.textContent = error.message || t('state.down');
    trouble.hidden = false;
  };

  const levels = new Set(city.levels.map(({ level }) => level as string));
  const levelName = (level: string) =>
    levels.has(level) ? names.level(level, texts.lang) : t('alerts.cityLevel');

  const goTo = ({ about }: Alert) => {
    const area = about.area && about.level ? { level: about.level, id: about.area } : null;
    const known = area ? names.area(area.level, area.id) : null;
    if (known) actions.zoomTo(known.lon, known.lat, known.km2);
    else if (about.lon != null && about.lat != null) actions.zoomTo(about.lon, about.lat, 0.5);
    if (about.cell) actions.point({ cell: about.cell });
    else if (area) actions.point({ area });
  };

  const act = async (alert: Alert, what: Act) => {
    trouble.hidden = true;
    try {
      const answer = await send<{ alert: Alert }>(
        'POST',
        `/v1/alerts/${alert.id}/${what}`,
        undefined,
        abort.signal,
      );
      take([answer.alert]);
    } catch (error) {
      say(error);
    }
  };

  const row = (alert: Alert) => {
    const button = (what: Act) =>
      h(
        'button',
        { type: 'button', class: 'link', onclick: () => void act(alert, what) },
        t(`alerts.${what}`),
      );
    const since = texts.ago(Math.max(0, clock.now() - Date.parse(alert.since)));
    const state =
      alert.state === 'acknowledged'
        ? t('alerts.acknowledgedBy', { who: alert.acknowledged_by ?? '' })
        : t('alerts.turn', { level: levelName(alert.level) });
    const isTop = alert.level === 'city';
    return h(
      'li',
      { 'data-severity': alert.severity, 'data-state': alert.state },
      h(
        'button',
        { type: 'button', class: 'told-what', onclick: () => goTo(alert) },
        h('strong', {}, ruleName(alert.rule, rules, texts.lang)),
        h('span', {}, alertPlace(alert, names, texts.lang)),
        h('span', { class: 'muted', title: texts.dateTime(Date.parse(alert.since)) }, `${since} · ${state}`),
      ),
      h(
        'span',
        { class: 'told-acts' },
        alert.state === 'raised' && button('acknowledge'),
        !isTop && button('escalate'),
        button('resolve'),
      ),
    );
  };

  const show = () => {
    const alerts = [...open.values()].sort((one, other) => other.id - one.id);
    list.replaceChildren(
      alerts.length === 0
        ? h('p', { class: 'muted' }, t('alerts.noneOpen'))
        : h('ol', { class: 'told-list' }, ...alerts.map(row)),
    );
  };

  const take = (alerts: readonly Alert[]) => {
    for (const alert of alerts) {
      if (alert.state === 'resolved') open.delete(alert.id);
      else open.set(alert.id, alert);
    }
    show();
  };

  const load = async () => {
    try {
      const [{ alerts }, told] = await Promise.all([
        api.alerts(new URLSearchParams({ state: 'open', limit: '200' }), abort.signal),
        api.rules(abort.signal),
        names.all(),
      ]);
      if (abort.signal.aborted) return;
      rules = told.rules;
      open.clear();
      trouble.hidden = true;
      take(alerts);
    } catch (error) {
      say(error);
    }
  };

  const hear = (event: Event) => take((event as CustomEvent<readonly Alert[]>).detail);
  addEventListener(LIVE_ALERTS, hear);
  void load();
  const follow = setInterval(() => void load(), FOLLOW_EVERY);
  return {
    element,
    dispose: () => {
      removeEventListener(LIVE_ALERTS, hear);
      clearInterval(follow);
      abort.abort();
    },
  };
}
