import type { DeskContext, Panel } from '../desk/context';
import { h, setText } from '../dom';

/** Whether the page is live, how old the last record is, and how many come in a minute. */
export function freshness({ texts, data, clock, view }: DeskContext): Panel {
  // Only the state is announced: an age that counts up would never let a screen reader finish.
  const state = h('strong', { role: 'status' });
  const detail = h('span');
  const go = h(
    'button',
    { type: 'button', class: 'link', onclick: () => view.update({ time: { preset: 'today' }, span: null }) },
    texts.t('live.go'),
  );
  const element = h('div', { class: 'freshness' }, h('i', { class: 'dot' }), state, detail, go);

  const words = (): string => {
    const { live, freshness } = data.value;
    if (live === 'off') return texts.t('live.offHint');
    if (live === 'connecting' || !freshness) return '';
    const { receivedAt, perMinute } = freshness;
    if (receivedAt === null) return texts.t('live.none');
    const age = texts.ago(Math.max(0, clock.now() - receivedAt));
    return `${texts.t('live.last', { age })} · ${texts.t('live.rate', { rate: texts.rate(perMinute) })}`;
  };
  const show = () => {
    const { live } = data.value;
    element.dataset.live = live;
    document.documentElement.dataset.live = live;
    setText(state, texts.t(`live.${live}`));
    setText(detail, words());
    go.hidden = live !== 'off';
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
