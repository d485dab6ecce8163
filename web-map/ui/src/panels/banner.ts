import { send } from '../api/client';
import { conditions } from '../api/filter';
import type { DeskContext, Panel } from '../desk/context';
import { h, ICONS, icon, setText } from '../dom';

interface Notice {
  kind: 'stale' | 'down' | 'refused' | 'note' | 'key';
  title: string;
  text: string;
  /** A figure that counts on; it is shown, but not read out again and again. */
  running?: string;
  button?: [label: string, act: () => void];
  /** Asks for a key. */
  form?: HTMLElement;
}

/** What the reader must know about the state of the page: stale, refused, unreachable, empty. */
export function banner({ city, texts, data, view, clock, actions }: DeskContext): Panel {
  const element = h('div', { class: 'banners' });
  const t = texts.t.bind(texts);
  let staleSince: string | null = null;

  const stale = (): Notice | null => {
    if (data.value.live !== 'stale') {
      staleSince = null;
      return null;
    }
    const silence = actions.silence();
    staleSince ??= texts.time(clock.now() - silence);
    return {
      kind: 'stale',
      title: t('live.stale'),
      text: t('live.staleSince', { time: staleSince }),
      running: t('live.silent', { age: texts.age(silence) }),
      button: [t('live.retry'), actions.reconnect],
    };
  };
  const trouble = (): Notice | null => {
    const error = data.value.trouble;
    // A stale stream already says that the server is not heard.
    if (!error || (error.unreachable && data.value.live === 'stale')) return null;
    if (error.status === 401) {
      return { kind: 'key', title: t('key.title'), text: t('key.hint'), form: keyForm(texts) };
    }
    if (error.unreachable) {
      const button: Notice['button'] = [t('state.retry'), actions.reconnect];
      return { kind: 'down', title: t('state.down'), text: error.message, button };
    }
    return {
      kind: 'refused',
      title: error.status > 0 ? t('state.refused') : '',
      text: error.message,
      button: [t('state.dismiss'), () => data.update({ trouble: null })],
    };
  };
  const nothing = (): Notice | null => {
    const { totals, pending, live } = data.value;
    if (!totals || pending || totals.total > 0) return null;
    const narrowed = conditions(view.value.filter) > 0 || 'from' in view.value.time;
    return !city.range && !narrowed && live !== 'off'
      ? { kind: 'note', title: t('state.empty'), text: t('state.emptyHint') }
      : { kind: 'note', title: t('state.nothing'), text: t('state.nothingHint') };
  };

  let shown = '';
  const show = () => {
    const notices = [stale(), trouble(), nothing()].filter(one => one !== null);
    const now = JSON.stringify(notices.map(({ kind, title, text }) => [kind, title, text]));
    if (now !== shown) {
      shown = now;
      element.replaceChildren(...notices.map(box));
    }
    for (const [i, { running }] of notices.entries()) {
      const figure = element.children[i]?.querySelector('.running');
      if (figure) setText(figure, running ?? '');
    }
  };
  show();
  const stop = data.watch(show);
  const tick = setInterval(show, 1000);
  return {
    element,
    dispose: () => {
      stop();
      clearInterval(tick);
    },
  };
}

/** A key that is good opens the page anew, with the same view: all of it is in the address. */
function keyForm(texts: DeskContext['texts']): HTMLElement {
  const field = h('input', {
    class: 'field',
    type: 'password',
    name: 'key',
    required: true,
    autocomplete: 'current-password',
    'aria-label': texts.t('key.label'),
    placeholder: texts.t('key.label'),
  });
  const wrong = h('span', { role: 'alert' });
  return h(
    'form',
    {
      class: 'row',
      onsubmit: async event => {
        event.preventDefault();
        try {
          await send('POST', '/v1/session', { key: field.value });
          location.reload();
        } catch {
          wrong.textContent = texts.t('key.wrong');
        }
      },
    },
    field,
    h('button', { type: 'submit', class: 'button' }, texts.t('key.send')),
    wrong,
  );
}

function box({ kind, title, text, button, form }: Notice): HTMLElement {
  return h(
    'div',
    { class: `banner ${kind}`, role: kind === 'note' ? 'status' : 'alert', 'data-banner': kind },
    kind !== 'note' && icon(ICONS.warn),
    h(
      'div',
      {},
      h('strong', {}, title),
      ' ',
      h('span', { class: 'running', 'aria-hidden': 'true' }),
      ' ',
      h('span', {}, text),
    ),
    form,
    button && h('button', { type: 'button', class: 'button', onclick: button[1] }, button[0]),
  );
}
