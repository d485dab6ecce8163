import { ApiError, api, send } from '../api/client';
import type { KeyList, KeyMade, KeyShown } from '../api/wire';
import type { DeskContext, Panel } from '../desk/context';
import { copyText, h } from '../dom';
import type { Key } from '../i18n/i18n';
import { DAY } from '../time/zone';

const ROLES = ['admin', 'planner', 'operator', 'integrator', 'public'] as const;

/** How long a key may be good, in days; 0 for ever. */
const SPANS = [0, 30, 90, 365];

/** Who may do what: the keys, new ones whose secret is shown once, and taking them back. For admins. */
export function keysPanel({ texts, clock }: DeskContext): Panel {
  const t = texts.t.bind(texts);
  const list = h('div', {}, h('p', { class: 'muted' }, t('feeds.working')));
  const trouble = h('p', { class: 'refused', role: 'alert', hidden: true });
  const secret = h('div', { class: 'secret', role: 'status', hidden: true });
  const abort = new AbortController();
  let keys: readonly KeyShown[] = [];

  const say = (error: unknown) => {
    if (!(error instanceof ApiError)) return;
    trouble.textContent = error.message || t('state.down');
    trouble.hidden = false;
  };

  const role = h(
    'select',
    { name: 'role' },
    ...ROLES.map(one => h('option', { value: one }, t(`keys.role.${one}`))),
  );
  const name = h('input', { class: 'field', name: 'name', maxlength: 200, autocomplete: 'off' });
  const feeds = h('input', {
    class: 'field',
    name: 'feeds',
    autocomplete: 'off',
    placeholder: t('keys.feedsHint'),
  });
  const span = h(
    'select',
    { name: 'span' },
    ...SPANS.map(days =>
      h('option', { value: days }, days === 0 ? t('keys.forEver') : t('keys.days', { n: days })),
    ),
  );
  const labelled = (key: Key, control: HTMLElement) => h('label', {}, h('span', {}, t(key)), control);
  const form = h(
    'form',
    { class: 'key-form', onsubmit: event => void make(event) },
    labelled('keys.role', role),
    labelled('keys.name', name),
    labelled('keys.feeds', feeds),
    labelled('keys.span', span),
    h('button', { type: 'submit', class: 'button' }, t('keys.make')),
  );

  const make = async (event: Event) => {
    event.preventDefault();
    trouble.hidden = true;
    const days = Number(span.value);
    try {
      const made = await send<KeyMade>(
        'POST',
        '/v1/keys',
        {
          role: role.value,
          ...(name.value.trim() ? { name: name.value.trim() } : {}),
          feeds: feeds.value
            .split(/[,，;\s]+/)
            .map(feed => feed.trim())
            .filter(Boolean),
          ...(days > 0 ? { expires_at: new Date(clock.now() + days * DAY).toISOString() } : {}),
        },
        abort.signal,
      );
      tell(made);
      name.value = '';
      feeds.value = '';
      // From the first key on the page itself has to show one.
      if (keys.length === 0) await send('POST', '/v1/session', { key: made.secret }, abort.signal);
      await load();
    } catch (error) {
      say(error);
    }
  };

  const tell = (made: KeyMade) => {
    const copied = h('span', { class: 'muted' });
    secret.replaceChildren(
      h('p', {}, h('strong', {}, t('keys.once', { name: made.key.name }))),
      h('code', { 'data-secret': '' }, made.secret),
      h(
        'p',
        { class: 'row' },
        h(
          'button',
          {
            type: 'button',
            class: 'button small',
            onclick: () => void copyText(made.secret).then(() => copied.replaceChildren(t('keys.copied'))),
          },
          t('keys.copy'),
        ),
        h(
          'button',
          {
            type: 'button',
            class: 'button small',
            onclick: () => {
              secret.hidden = true;
              secret.replaceChildren();
            },
          },
          t('keys.noted'),
        ),
        copied,
      ),
    );
    secret.hidden = false;
  };

  /** Asks once more in place: a key that was taken back does not come again. */
  const revoke = (key: KeyShown): HTMLElement => {
    const ask = h(
      'button',
      {
        type: 'button',
        class: 'link',
        onclick: () => ask.replaceWith(sure),
        'aria-label': t('keys.revokeOf', { name: key.name }),
      },
      t('keys.revoke'),
    );
    const sure = h(
      'button',
      {
        type: 'button',
        class: 'link refused',
        onclick: async () => {
          trouble.hidden = true;
          try {
            const answer = await send<KeyList>('DELETE', `/v1/keys/${key.id}`, undefined, abort.signal);
            keys = answer.keys;
            show();
          } catch (error) {
            say(error);
          }
        },
      },
      t('keys.sure'),
    );
    return ask;
  };

  const state = (key: KeyShown): string => {
    if (key.revoked_at) return t('keys.revoked');
    if (!key.valid) return t('keys.over');
    return key.expires_at
      ? t('keys.until', { time: texts.date(Date.parse(key.expires_at)) })
      : t('keys.good');
  };

  const show = () => {
    list.replaceChildren(
      keys.length === 0
        ? h('p', { class: 'muted' }, t('keys.none'))
        : h(
            'table',
            { class: 'feed-table' },
            h(
              'thead',
              {},
              h(
                'tr',
                {},
                ...(['keys.name', 'keys.role', 'keys.feeds', 'keys.state'] as const).map(key =>
                  h('th', { scope: 'col' }, t(key)),
                ),
                h('td'),
              ),
            ),
            h(
              'tbody',
              {},
              ...keys.map(key =>
                h(
                  'tr',
                  { 'data-key': key.id, 'data-valid': String(key.valid) },
                  h('th', { scope: 'row' }, key.name),
                  h('td', {}, t(`keys.role.${key.role as (typeof ROLES)[number]}`)),
                  h('td', {}, key.feeds.join(', ') || t('keys.every')),
                  h('td', {}, state(key)),
                  h('td', { class: 'number' }, key.valid && revoke(key)),
                ),
              ),
            ),
          ),
    );
  };

  const load = async () => {
    try {
      keys = (await api.keys(abort.signal)).keys;
      show();
    } catch (error) {
      if (!(error instanceof ApiError)) return;
      const isForbidden = error.status === 403;
      form.hidden = isForbidden;
      list.replaceChildren(
        h('p', { class: 'muted' }, isForbidden ? t('keys.admins') : error.message || t('state.down')),
      );
    }
  };
  void load();
  const element = h(
    'section',
    { class: 'keys' },
    h('h3', {}, t('keys.title')),
    trouble,
    secret,
    list,
    h('details', {}, h('summary', {}, t('keys.new')), form),
  );
  return { element, dispose: () => abort.abort() };
}
