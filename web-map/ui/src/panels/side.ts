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
  return {
    element,
    dispose: () => {
      stop();
      inner?.dispose();
    },
  };
}
