import type { DeskContext, Panel } from '../desk/context';
import { copyText, h, ICONS, icon } from '../dom';
import { LANGS, type Lang } from '../i18n/i18n';

const NAMES: Record<Lang, string> = { zh: '中文', en: 'English' };

/** Language, a link to this view, and the way to the wall. */
export function tools({ texts, view }: DeskContext): Panel {
  const copied = h('span', { class: 'copied', role: 'status' });
  const copy = async () => {
    await copyText(location.href);
    copied.textContent = texts.t('app.copied');
    setTimeout(() => copied.replaceChildren(), 2000);
  };
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
  return { element, dispose: () => {} };
}
