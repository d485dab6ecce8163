import { h } from '../dom';

export interface Bar {
  label: string;
  value: number;
  /** A second figure, already written. */
  note?: string;
  /** The sum of what is not listed: told, but not ranked. */
  rest?: boolean;
  onclick?: () => void;
}

/** A ranking: name, value and a bar whose length is the value's share of the largest. */
export function bars(rows: Bar[], text: (value: number) => string): HTMLOListElement {
  const most = Math.max(1, ...rows.map(({ value, rest }) => (rest ? 0 : value)));
  return h(
    'ol',
    { class: 'bars' },
    ...rows.map(({ label, value, note, rest, onclick }) => {
      const inside = [
        h('span', { class: 'name', title: label, dir: 'auto' }, label),
        note && h('span', { class: 'note' }, note),
        h('span', { class: 'count' }, text(value)),
      ];
      const style = `--part:${rest ? 0 : (value / most).toFixed(3)}`;
      return h(
        'li',
        rest ? { class: 'rest' } : {},
        onclick
          ? h('button', { type: 'button', class: 'bar', style, onclick }, ...inside)
          : h('div', { class: 'bar', style }, ...inside),
      );
    }),
  );
}
