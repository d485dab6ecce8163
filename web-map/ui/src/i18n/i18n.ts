import { en, type Key as FirstKey } from './en';
import { TOPICS, type TopicKey } from './topics';
import { zh } from './zh';

export type Key = FirstKey | TopicKey;

const topic = (at: 0 | 1) =>
  Object.fromEntries(Object.entries(TOPICS).map(([key, pair]) => [key, pair[at]])) as Record<
    TopicKey,
    string
  >;

/** Every text of the page by language. */
export const TEXTS = { en: { ...en, ...topic(1) }, zh: { ...zh, ...topic(0) } } satisfies Record<
  string,
  Record<Key, string>
>;

export type Lang = keyof typeof TEXTS;

export const LANGS: readonly Lang[] = ['zh', 'en'];

export function isLang(text: string): text is Lang {
  return text in TEXTS;
}

/** The language to begin with: the city's first that the page speaks, else the browser's, else English. */
export function firstLang(city: readonly string[], browser: readonly string[]): Lang {
  const spoken = [...city, ...browser].map(tag => tag.toLowerCase().split('-')[0] ?? '');
  return spoken.find(isLang) ?? 'en';
}

/** A text with its `{name}`s filled in. */
export function text(lang: Lang, key: Key, values: Record<string, string | number> = {}): string {
  return TEXTS[lang][key].replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** BCP 47 tag for dates and numbers. */
export function locale(lang: Lang): string {
  return lang === 'zh' ? 'zh-CN' : 'en-GB';
}

/** An area's name in the reader's language, or the one it has; an area of earlier boundaries has only its id. */
export function areaName(
  area: { id: string; name: string | null; names: Record<string, string> },
  lang: Lang,
): string {
  return area.names[lang] ?? area.name ?? area.id;
}

/** The word for something that the city's files name in several languages. */
export function pick(names: Record<string, string>, lang: Lang, otherwise: string): string {
  return names[lang] ?? Object.values(names)[0] ?? otherwise;
}
