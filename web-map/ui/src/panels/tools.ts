import type { DeskContext, Panel } from '../desk/context';
import { download, fileName, paperOf, pictureOf } from '../desk/save';
import { sheetOf } from '../desk/sheet';
import { copyText, h, ICONS, icon } from '../dom';
import { type Key, LANGS, type Lang } from '../i18n/i18n';

const NAMES: Record<Lang, string> = { zh: '中文', en: 'English' };

/** Language, a link to this view, the view as a picture or on paper, and the way to the wall. */
export function tools(context: DeskContext): Panel {
  const { texts, view, clock, actions } = context;
  const copied = h('span', { class: 'copied', role: 'status' });
  const copy = async () => {
    await copyText(location.href);
    copied.textContent = texts.t('app.copied');
    setTimeout(() => copied.replaceChildren(), 2000);
  };
  const button = (key: Key, name: string, path: string, act: () => void) =>
    h(
      'button',
      {
        type: 'button',
        class: 'icon-button',
        'data-tool': name,
        'aria-label': texts.t(key),
        title: texts.t(key),
        onclick: act,
      },
      icon(path),
    );
  const savePicture = async () => {
    const map = actions.snapshot();
    if (!map) return;
    // The canvas holds the picture for this task only.
    const kept = document.createElement('canvas');
    kept.width = map.width;
    kept.height = map.height;
    kept.getContext('2d')?.drawImage(map, 0, 0);
    const sheet = sheetOf(context);
    try {
      download(await pictureOf(kept, sheet), `${fileName(sheet.title, texts.dateTime(clock.now()))}.png`);
    } catch {
      copied.textContent = texts.t('save.failed');
    }
  };
  // Also when the browser's own menu prints.
  let paper: HTMLElement | null = null;
  const lay = () => {
    paper?.remove();
    const map = actions.snapshot();
    if (!map) return;
    paper = paperOf(map, sheetOf(context));
    document.body.append(paper);
  };
  const clear = () => {
    paper?.remove();
    paper = null;
  };
  addEventListener('beforeprint', lay);
  addEventListener('afterprint', clear);
  const element = h(
    'div',
    { class: 'tools' },
    h(
      'div',
      { class: 'segments', role: 'group', 'aria-label': texts.t('app.language') },
      ...LANGS.map(lang =>
        h(
          'button',
          {
            type: 'button',
            'data-lang': lang,
            lang: lang === 'zh' ? 'zh-CN' : 'en',
            'aria-pressed': String(lang === texts.lang),
            onclick: () => view.update({ lang }),
          },
          NAMES[lang],
        ),
      ),
    ),
    h(
      'button',
      {
        type: 'button',
        class: 'icon-button',
        'aria-label': texts.t('app.copyLink'),
        title: texts.t('app.copyLink'),
        onclick: () => void copy(),
      },
      icon(ICONS.link),
    ),
    button('save.picture', 'picture', ICONS.picture, () => void savePicture()),
    button('save.print', 'print', ICONS.print, () => print()),
    h(
      'a',
      {
        class: 'icon-button',
        href: '/wall',
        'aria-label': texts.t('app.openWall'),
        title: texts.t('app.openWall'),
      },
      icon(ICONS.wall),
    ),
    copied,
  );
  return {
    element,
    dispose: () => {
      removeEventListener('beforeprint', lay);
      removeEventListener('afterprint', clear);
      clear();
    },
  };
}
