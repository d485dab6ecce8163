import { conditions } from '../api/filter';
import type { DeskContext, Panel } from '../desk/context';
import { h, ICONS, icon } from '../dom';

/** What the reader must know about the state of the page: stale, refused, unreachable, empty. */
export function banner({ city, texts, data, view, clock, actions }: DeskContext): Panel {
  const element = h('div', { class: 'banners' });
  const t = texts.t.bind(texts);
  const box = (kind: string, title: string, text: string, button?: [label: string, act: () => void]) =>
    h(
      'div',
      { class: `banner ${kind}`, role: kind === 'note' ? 'status' : 'alert', 'data-banner': kind },
      kind === 'note' ? null : icon(ICONS.warn),
      h('div', {}, h('strong', {}, title), ' ', text && h('span', {}, text)),
      button && h('button', { type: 'button', class: 'button', onclick: button[1] }, button[0]),
    );

  const stale = () => {
    const silence = actions.silence();
    const age = texts.age(silence);
    const time = texts.time(clock.now() - silence);
    return box('stale', t('live.stale'), t('live.staleSince', { age, time }), [
      t('live.retry'),
      actions.reconnect,
    ]);
  };
  const trouble = () => {
    const error = data.value.trouble;
    if (!error) return null;
    if (error.unreachable)
      return box('down', t('state.down'), error.message, [t('state.retry'), actions.reconnect]);
    const title = error.status > 0 ? t('state.refused') : '';
    return box('refused', title, error.message, [t('state.dismiss'), () => data.update({ trouble: null })]);
  };
  const nothing = () => {
    const { totals, pending, live } = data.value;
    if (!totals || pending || totals.total > 0) return null;
    const narrowed = conditions(view.value.filter) > 0 || 'from' in view.value.time;
    const empty = !city.range && !narrowed && live !== 'off';
    return empty
      ? box('note', t('state.empty'), t('state.emptyHint'))
      : box('note', t('state.nothing'), t('state.nothingHint'));
  };

  let shown = '';
  const show = () => {
    const boxes = [data.value.live === 'stale' ? stale() : null, trouble(), nothing()].filter(
      one => one !== null,
    );
    const text = boxes.map(one => one.textContent).join('\n');
    if (text === shown) return;
    shown = text;
    element.replaceChildren(...boxes);
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
