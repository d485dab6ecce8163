import type { DeskContext } from '../desk/context';
import { h, ICONS, icon } from '../dom';

/** A panel's outside: a head with the way back to the overview and what the panel is about, and a body that waits. */
export interface Frame {
  element: HTMLElement;
  body: HTMLElement;
}

/** The frame of what is chosen: `selection` names it for the page, `names` tell it to the reader, the first as the title. */
export function frame(
  { texts, view }: Pick<DeskContext, 'texts' | 'view'>,
  selection: string,
  ...names: HTMLElement[]
): Frame {
  const t = texts.t.bind(texts);
  const body = h('div', { class: 'facts' }, h('p', { class: 'muted' }, t('panel.loading')));
  const back = h(
    'button',
    {
      type: 'button',
      class: 'icon-button',
      'aria-label': t('panel.back'),
      title: t('panel.back'),
      onclick: () => view.update({ selection: null }),
    },
    icon(ICONS.left),
  );
  const head = h('header', { class: 'panel-head' }, back, h('div', {}, ...names));
  return {
    element: h('div', { class: 'panel-body', 'data-selection': selection }, head, body),
    body,
  };
}
