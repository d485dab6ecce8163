import type { DeskContext, Panel } from '../desk/context';
import { h, ICONS, icon, setText } from '../dom';
import { isHistory, latest, nextSpan, PRESETS, spanFor, windowOf } from '../time/choice';
import { STEP_OF_BIN, STEPS, type Step } from '../time/playback';
import { Histogram } from './histogram';

const SPEEDS = [1, 2, 4, 8];

/** When: presets, the histogram with the window on it, and playing the window through time. */
export function timeline(context: DeskContext): Panel {
  const { texts, view, data, player, actions } = context;
  const t = texts.t.bind(texts);
  const span = () => view.value.span ?? spanFor(view.value.time, actions.era());

  const monthHint = t('time.monthHint', { day: context.city.assessment_month_day });
  const presets = PRESETS.map(preset =>
    h(
      'button',
      {
        type: 'button',
        'data-preset': preset,
        title: preset === 'month' || preset === 'lastMonth' ? monthHint : null,
        onclick: () => {
          player.pause();
          view.update({ time: { preset }, span: null });
        },
      },
      t(`time.${preset}`),
    ),
  );
  const play = h('button', {
    type: 'button',
    class: 'icon-button play',
    'data-play': '',
    onclick: actions.togglePlay,
  });
  const stepButton = (count: 1 | -1) => {
    const label = t(count > 0 ? 'play.forward' : 'play.back');
    return h(
      'button',
      {
        type: 'button',
        class: 'icon-button',
        'aria-label': label,
        title: label,
        onclick: () => void actions.step(count),
      },
      icon(count > 0 ? ICONS.forward : ICONS.back),
    );
  };
  const step = h(
    'select',
    { 'aria-label': t('play.step'), onchange: () => data.update({ step: step.value as Step }) },
    ...STEPS.map(one => h('option', { value: one }, t(`play.step.${one}`))),
  );
  const speed = h(
    'select',
    {
      'aria-label': t('play.speed'),
      onchange: () => {
        player.speed = Number(speed.value);
      },
    },
    ...SPEEDS.map(one => h('option', { value: one }, `${one}×`)),
  );
  speed.value = String(player.speed);
  const label = h('output', { class: 'window-label', 'data-window': '' });
  const unit = h('span', { class: 'muted' });
  const note = h('span', { class: 'muted' });
  const zoom = (by: 1 | -1) => {
    const text = t(by > 0 ? 'time.wider' : 'time.narrower');
    return h(
      'button',
      {
        type: 'button',
        class: 'icon-button',
        'aria-label': text,
        title: text,
        onclick: () => view.update({ span: nextSpan(span(), by) ?? span() }),
      },
      icon(by > 0 ? ICONS.minus : ICONS.plus),
    );
  };
  const histogram = new Histogram(context, window => {
    player.pause();
    view.update({ time: window, span: span() });
  });
  const element = h(
    'section',
    { class: 'timeline', 'aria-label': t('time.title') },
    h(
      'div',
      { class: 'timebar' },
      h('div', { class: 'segments', role: 'group', 'aria-label': t('time.title') }, ...presets),
      h('div', { class: 'row' }, stepButton(-1), play, stepButton(1), step, speed),
      label,
      note,
      h('div', { class: 'row end' }, unit, zoom(-1), zoom(1)),
    ),
    histogram.element,
  );

  const show = () => {
    const { time } = view.value;
    const { playing, domain, step: chosen } = data.value;
    for (const [i, preset] of PRESETS.entries()) {
      presets[i]?.setAttribute('aria-pressed', String('preset' in time && time.preset === preset));
    }
    const text = t(playing ? 'play.pause' : 'play.play');
    if (play.getAttribute('aria-label') !== text) {
      play.setAttribute('aria-label', text);
      play.title = text;
      play.replaceChildren(icon(playing ? ICONS.pause : ICONS.play));
    }
    step.value = chosen;
    const era = actions.era();
    const { from, to } = windowOf(time, era);
    const end = to === null ? t('time.now') : texts.dateTime(to);
    setText(label, from === null ? t('time.always') : `${texts.dateTime(from)} – ${end}`);
    label.dataset.from = String(from ?? '');
    label.dataset.to = String(to ?? '');
    setText(unit, domain ? t(`time.bin.${domain.bin}`) : '');
    setText(note, isHistory(era) ? t('time.history', { date: texts.date(latest(era)) }) : '');
  };
  show();
  const stops = [
    view.watch(show),
    data.watch((now, before) => {
      if (now.domain && now.domain.bin !== before.domain?.bin)
        data.update({ step: STEP_OF_BIN[now.domain.bin] });
      show();
    }),
  ];
  return {
    element,
    dispose: () => {
      histogram.dispose();
      for (const stop of stops) stop();
    },
  };
}
