import { h } from '../dom';

export interface ListRow {
  key: string;
  title: string;
  /** What stands below the title. */
  detail: string;
  /** The figure at the right. */
  value: string;
  colour?: string;
  onclick(): void;
}

/** Findings as a list: name and detail left, the figure right; a click shows the place. */
export function findingList(rows: readonly ListRow[]): HTMLOListElement {
  return h(
    'ol',
    { class: 'findings' },
    ...rows.map(({ key, title, detail, value, colour, onclick }) =>
      h(
        'li',
        {},
        h(
          'button',
          { type: 'button', 'data-key': key, onclick },
          colour && h('i', { class: 'swatch', style: `background:${colour}` }),
          h('span', { class: 'name', title, dir: 'auto' }, title),
          h('span', { class: 'value' }, value),
          h('span', { class: 'detail' }, detail),
        ),
      ),
    ),
  );
}

export function section(title: string, ...parts: (HTMLElement | SVGElement | null)[]): HTMLElement {
  return h('section', {}, h('h3', {}, title), ...parts);
}
