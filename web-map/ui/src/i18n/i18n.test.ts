import { expect, it } from 'vitest';
import { firstLang, pick, TEXTS, text } from './i18n';

const { en, zh } = TEXTS;

const holes = (message: string) => (message.match(/\{\w+\}/g) ?? []).sort();

it.each(Object.keys(en) as (keyof typeof en)[])('has %s in both languages with the same holes', key => {
  expect(zh[key].trim()).not.toBe('');
  expect(holes(zh[key])).toEqual(holes(en[key]));
});

it('says nothing in Chinese that English does not have', () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
});

it('leaves no Chinese in the English texts', () => {
  expect(Object.values(en).filter(message => /\p{Script=Han}/u.test(message))).toEqual([]);
});

it('fills in what is asked and shows a hole that nobody fills', () => {
  expect(text('en', 'ago.seconds', { n: 2 })).toBe('2 s ago');
  expect(text('en', 'ago.seconds')).toBe('{n} s ago');
});

it('begins with the first language of the city that it speaks', () => {
  expect(firstLang(['zh', 'en'], ['en-GB'])).toBe('zh');
  expect(firstLang(['fr'], ['zh-CN', 'en'])).toBe('zh');
  expect(firstLang([], ['fr'])).toBe('en');
});

it('falls back on any name the city has', () => {
  expect(pick({ zh: '区' }, 'en', 'district')).toBe('区');
  expect(pick({}, 'en', 'district')).toBe('district');
});
