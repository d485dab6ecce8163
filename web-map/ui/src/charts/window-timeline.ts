import { h } from '../dom';
import type { Texts } from '../texts';
import { DAY, type Instant, type Zone } from '../time/zone';

export interface NextWindow {
  key: string;
  label: string;
  from: Instant;
  to: Instant;
  /** Said at the right: how many are expected. */
  note: string;
  onclick(): void;
}

/** The coming days as one row for each expected window, on a common axis of whole days. */
export function windowTimeline(
  windows: readonly NextWindow[],
  now: Instant,
  zone: Zone,
  texts: Texts,
): HTMLElement {
  const start = zone.floor(now, 'day');
  const last = Math.max(...windows.map(({ to }) => to), start + DAY);
  const end = zone.floor(Math.min(last, start + 14 * DAY), 'day', 1);
  const part = (at: Instant) => Math.min(1, Math.max(0, (at - start) / (end - start))) * 100;
  const format = zone.format(texts.locale, { weekday: 'short', day: 'numeric' });
  const days: HTMLElement[] = [];
  for (let day = start; day < end; day = zone.floor(day, 'day', 1)) {
    days.push(h('i', { style: `left:${part(day)}%` }, h('span', {}, format.format(day))));
  }
  const many = days.length > 7;
  return h(
    'div',
    { class: `window-timeline${many ? ' many' : ''}` },
    h('div', { class: 'axis', 'aria-hidden': 'true' }, ...days),
    h(
      'ol',
      {},
      ...windows.map(({ key, label, from, to, note, onclick }) =>
        h(
          'li',
          {},
          h(
            'button',
            {
              type: 'button',
              'data-key': key,
              onclick,
              title: `${texts.dateTime(from)} – ${texts.dateTime(to)}`,
            },
            h('span', { class: 'name' }, label),
            h('span', { class: 'note' }, note),
            h(
              'span',
              { class: 'track' },
              h('b', { style: `left:${part(from)}%;width:max(4px, ${part(to) - part(from)}%)` }),
            ),
          ),
        ),
      ),
    ),
    h('i', { class: 'now', style: `left:${part(now)}%`, 'aria-hidden': 'true' }),
  );
}
