import type { DeskContext, Panel } from '../desk/context';
import { h } from '../dom';
import { complaint } from './complaint';
import { overview } from './overview';
import { panelOf } from './places';
import { selection } from './selection';
import { sensor } from './sensor';

/** The panel on the right: the chosen place, or the whole filter when nothing is chosen. */
export function side(context: DeskContext): Panel {
  const { view, texts } = context;
  const element = h('aside', { class: 'side', 'aria-label': texts.t('panel.overview') });
  let inner: Panel | null = null;
  const show = () => {
    inner?.dispose();
    const chosen = view.value.selection;
    const { panel } = view.value;
    if (panel !== 'explore') inner = panelOf(panel, context);
    else if (!chosen) inner = overview(context);
    else if ('sensor' in chosen) inner = sensor(context, chosen.sensor);
    else if ('complaint' in chosen) inner = complaint(context, chosen.complaint);
    else inner = selection(context, chosen);
    element.setAttribute('aria-label', texts.t(`panel.name.${panel}`));
    element.replaceChildren(inner.element);
    element.dataset.panel = panel === 'explore' ? (chosen ? 'selection' : 'overview') : panel;
    element.scrollTop = 0;
  };
  show();
  const stop = view.watch((now, before) => {
    if (now.selection !== before.selection && now.panel === 'explore') show();
    else if (now.panel !== before.panel) show();
  });
  const leave = (event: KeyboardEvent) => {
    const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
    if (event.key === 'Escape' && !typing) view.update({ selection: null });
  };
  addEventListener('keydown', leave);
  return {
    element,
    dispose: () => {
      stop();
      removeEventListener('keydown', leave);
      inner?.dispose();
    },
  };
}
