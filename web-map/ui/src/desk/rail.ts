import { h, ICONS, icon } from '../dom';
import { PANELS } from '../state/view';
import type { DeskContext, Panel } from './context';

/** The work places of the desk, one after the other at the left edge. */
export function rail({ texts, view }: DeskContext): Panel {
  const buttons = PANELS.map(name =>
    h(
      'button',
      { type: 'button', 'data-panel': name, onclick: () => view.update({ panel: name }) },
      icon(ICONS[name]),
      h('span', {}, texts.t(`panel.name.${name}`)),
    ),
  );
  const element = h('nav', { class: 'rail', 'aria-label': texts.t('panel.places') }, ...buttons);
  const show = () => {
    for (const button of buttons) {
      if (button.dataset.panel === view.value.panel) button.setAttribute('aria-current', 'page');
      else button.removeAttribute('aria-current');
    }
  };
  show();
  return { element, dispose: view.watch(show) };
}
