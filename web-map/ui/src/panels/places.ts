import type { DeskContext, Panel } from '../desk/context';
import { h } from '../dom';
import type { PanelName } from '../state/view';

/** The work places that are fetched when they are opened for the first time. */
const LOAD: Record<Exclude<PanelName, 'explore'>, () => Promise<(context: DeskContext) => Panel>> = {
  analyse: async () => (await import('../analysis/panel')).analysisPanel,
  sql: async () => (await import('../sql/console')).sqlConsole,
  alerts: async () => (await import('../alerts/panel')).alertsPanel,
  feeds: async () => (await import('../integrate/panel')).feedsPanel,
};

/** A work place; empty until its code is here. */
export function panelOf(name: Exclude<PanelName, 'explore'>, context: DeskContext): Panel {
  const element = h(
    'div',
    { class: 'place' },
    h('p', { class: 'panel-body muted' }, context.texts.t('panel.loading')),
  );
  let inner: Panel | null = null;
  let gone = false;
  void LOAD[name]().then(make => {
    if (gone) return;
    inner = make(context);
    element.replaceChildren(inner.element);
  });
  return {
    element,
    dispose: () => {
      gone = true;
      inner?.dispose();
    },
  };
}
