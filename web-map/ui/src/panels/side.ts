import type { DeskContext, Panel } from '../desk/context';
import { h } from '../dom';
import { overview } from './overview';
import { selection } from './selection';

/** The panel on the right: the chosen place, or the whole filter when nothing is chosen. */
export function side(context: DeskContext): Panel {
  const { view, texts } = context;
  const element = h('aside', { class: 'side', 'aria-label': texts.t('panel.overview') });
  let inner: Panel | null = null;
  const show = () => {
    inner?.dispose();
    const chosen = view.value.selection;
    inner = chosen ? selection(context, chosen) : overview(context);
    element.replaceChildren(inner.element);
    element.dataset.panel = chosen ? 'selection' : 'overview';
    element.scrollTop = 0;
  };
  show();
  const stop = view.watch((now, before) => {
    if (now.selection !== before.selection) show();
  });
  const leave = (event: KeyboardEvent) => {
    const typing = event.target instanceof HTMLInputElement;
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
