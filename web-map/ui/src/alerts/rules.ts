import { ApiError, api, send } from '../api/client';
import type { RuleEntry, RuleTested } from '../api/wire';
import type { DeskContext, Panel } from '../desk/context';
import { h } from '../dom';
import { pick } from '../i18n/i18n';
import { DAY } from '../time/zone';
import { alertPlace } from './words';

/** How far back a rule is tried, in days. */
const BACK = [7, 30, 90];
/** Times that are listed one by one. */
const LISTED = 20;

/** The standing rules: what each watches, switched on and off, and when it would have told over the last weeks. */
export function rulesPanel(context: DeskContext): Panel {
  const { texts, names } = context;
  const t = texts.t.bind(texts);
  const list = h('div', {}, h('p', { class: 'muted' }, t('panel.loading')));
  const trouble = h('p', { class: 'refused', role: 'alert', hidden: true });
  const element = h('section', { class: 'rules' }, h('h3', {}, t('rules.title')), trouble, list);
  const abort = new AbortController();

  const say = (error: unknown) => {
    if (!(error instanceof ApiError)) return;
    trouble.textContent = error.message || t('state.down');
    trouble.hidden = false;
  };
  const nameOf = ({ rule }: RuleEntry) => pick(rule.name ?? {}, texts.lang, rule.id);

  const turn = async (entry: RuleEntry, on: boolean) => {
    trouble.hidden = true;
    try {
      const kept = await send<RuleEntry>(
        'PUT',
        `/v1/rules/${encodeURIComponent(entry.rule.id)}`,
        { ...entry.rule, on },
        abort.signal,
      );
      row(entry.rule.id)?.replaceWith(rowOf(kept));
    } catch (error) {
      say(error);
      // The switch goes back to what is so.
      row(entry.rule.id)?.replaceWith(rowOf(entry));
    }
  };
  const row = (id: string) =>
    [...list.querySelectorAll<HTMLElement>('[data-rule]')].find(one => one.dataset.rule === id);

  const tryOut = async (entry: RuleEntry, days: number, answer: HTMLElement) => {
    answer.replaceChildren(h('p', { class: 'muted' }, t('rules.trying')));
    try {
      const { fired, records, hits, to } = await send<RuleTested>(
        'POST',
        '/v1/rules/test',
        { rule: entry.rule },
        abort.signal,
      ).then(async first => {
        if (days === 30) return first;
        const from = new Date(Date.parse(first.to) - days * DAY).toISOString();
        return send<RuleTested>(
          'POST',
          '/v1/rules/test',
          { rule: entry.rule, from, to: first.to },
          abort.signal,
        );
      });
      await names.all();
      const would = t('rules.would', { n: texts.whole(fired), days, records: texts.whole(records) });
      const listed = hits
        .slice(-LISTED)
        .reverse()
        .map(({ at, about, cleared_at, value }) =>
          h(
            'li',
            {},
            h('time', { datetime: at }, texts.dateTime(Date.parse(at))),
            h('span', {}, alertPlace({ about }, names, texts.lang)),
            h(
              'span',
              { class: 'muted' },
              `${texts.rate(value)} · ${texts.age((cleared_at ? Date.parse(cleared_at) : Date.parse(to)) - Date.parse(at))}`,
            ),
          ),
        );
      answer.replaceChildren(h('p', { class: 'would' }, would));
      // It scrolls, so keys must reach it.
      if (listed.length > 0)
        answer.append(h('ol', { class: 'rule-hits', tabindex: 0, 'aria-label': would }, ...listed));
    } catch (error) {
      if (!(error instanceof ApiError)) return;
      answer.replaceChildren(h('p', { class: 'refused', role: 'alert' }, error.message || t('state.down')));
    }
  };

  const rowOf = (entry: RuleEntry): HTMLElement => {
    const { rule, origin, changed_by, problem } = entry;
    const answer = h('div', { class: 'rule-answer', role: 'status' });
    const on = rule.on !== false;
    const name = nameOf(entry);
    return h(
      'li',
      { 'data-rule': rule.id, 'data-severity': rule.severity ?? 'warning' },
      h(
        'label',
        { class: 'rule-switch' },
        h('input', {
          type: 'checkbox',
          role: 'switch',
          checked: on,
          'aria-label': t('rules.turn', { name }),
          onchange: event => void turn(entry, (event.target as HTMLInputElement).checked),
        }),
      ),
      h(
        'div',
        {},
        h('strong', {}, name),
        h('p', { class: 'muted' }, pick(rule.about ?? {}, texts.lang, '')),
        h(
          'p',
          { class: 'muted' },
          [t(`rules.origin.${originOf(origin)}`), changed_by, rule.id].filter(Boolean).join(' · '),
        ),
        problem !== null && h('p', { class: 'refused' }, problem),
        h(
          'p',
          { class: 'rule-try' },
          t('rules.try'),
          ...BACK.map(days =>
            h(
              'button',
              {
                type: 'button',
                class: 'link',
                'data-try': days,
                onclick: () => void tryOut(entry, days, answer),
              },
              t('keys.days', { n: days }),
            ),
          ),
        ),
        answer,
      ),
    );
  };

  const load = async () => {
    try {
      const { rules } = await api.rules(abort.signal);
      list.replaceChildren(
        rules.length === 0
          ? h('p', { class: 'muted' }, t('rules.none'))
          : h('ul', { class: 'rule-list' }, ...rules.map(rowOf)),
      );
    } catch (error) {
      say(error);
      list.replaceChildren();
    }
  };
  void load();
  return { element, dispose: () => abort.abort() };
}

function originOf(origin: string): 'shipped' | 'file' | 'api' {
  return origin === 'file' || origin === 'api' ? origin : 'shipped';
}
