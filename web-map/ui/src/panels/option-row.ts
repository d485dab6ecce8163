import { h } from '../dom';

export interface OptionRow {
  key: string;
  label: string;
  /** How many complaints it would give; null when not known. */
  count: number | null;
  /** Share of the list's largest count, 0 to 1, for the bar behind the row. */
  part: number;
  checked: boolean;
  onchange(checked: boolean): void;
}

/** One thing to tick, with its count and a bar behind it. */
export function optionRow(row: OptionRow, text: (count: number) => string): HTMLLabelElement {
  const box = h('input', {
    type: 'checkbox',
    checked: row.checked,
    'data-key': row.key,
    onchange: () => row.onchange(box.checked),
  });
  return h(
    'label',
    { class: 'option', style: `--part:${row.part.toFixed(3)}`, title: row.label },
    box,
    h('span', { class: 'name', dir: 'auto' }, row.label),
    h('span', { class: 'count' }, row.count === null ? '' : text(row.count)),
  );
}

/** The list with a value added or taken away. */
export function toggled(list: readonly string[], value: string, on: boolean): string[] {
  const others = list.filter(one => one !== value);
  return on ? [...others, value] : others;
}
