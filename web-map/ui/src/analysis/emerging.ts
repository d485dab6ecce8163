import { h } from '../dom';
import type { Key } from '../i18n/i18n';
import { textureUrl } from '../map/textures';
import { cellPlaces } from './cell-places';
import { classStyle } from './emerging-classes';
import { LISTED, type Result, type ResultInput } from './result';
import { findingList, section } from './rows';
import { num, str } from './run';

/** The seventeen classes of cells, each in its colour and with its mark. */
export function emerging(input: ResultInput): Result {
  const { found, texts, goTo } = input;
  const rows = found.rows.filter(row => num(row, 'class_code') > 0);
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(num(row, 'class_code'), (counts.get(num(row, 'class_code')) ?? 0) + 1);
  const name = (code: number) => texts.t(`emerging.${code}` as Key);
  const hot = [...counts].filter(([code]) => code <= 8);
  const [most, n] = hot.reduce((best, one) => (one[1] > best[1] ? one : best), [0, 0]);
  const sentence =
    rows.length === 0
      ? texts.t('found.emergingNone')
      : texts.t('found.emerging', {
          hot: texts.whole(hot.reduce((sum, [, count]) => sum + count, 0)),
          most: most ? name(most) : '–',
          n: texts.whole(n),
          fresh: texts.whole(counts.get(1) ?? 0),
          more: texts.whole(counts.get(3) ?? 0),
        });
  const codes = Array.from({ length: 16 }, (_, i) => i + 1);
  const listed = rows.filter(row => num(row, 'class_code') <= 3).slice(0, LISTED);
  const list = findingList(
    listed.map(row => ({
      key: str(row, 'cell'),
      title: str(row, 'cell'),
      detail: name(num(row, 'class_code')),
      value: `z ${num(row, 'z').toFixed(1)}`,
      colour: classStyle(num(row, 'class_code')).colour,
      onclick: () => goTo({ cell: str(row, 'cell') }),
    })),
  );
  void cellPlaces(
    listed.map(row => str(row, 'cell')),
    input,
  ).then(places => {
    for (const [cell, place] of places) {
      const title = list.querySelector(`[data-key="${cell}"] .name`);
      if (title) title.textContent = place;
    }
  });
  return {
    sentence,
    body: [
      section(
        texts.t('result.classes'),
        h(
          'ul',
          { class: 'class-list two' },
          // Hot beside cold, pattern by pattern.
          ...codes
            .slice(0, 8)
            .flatMap(code => [code, code + 8])
            .map(code => {
              const { colour, texture } = classStyle(code);
              const mark = texture ? `url(${textureUrl(texture)}) 0 0/12px, ${colour}` : colour;
              return h(
                'li',
                { class: counts.get(code) ? '' : 'none' },
                h('i', { class: 'swatch', style: `background:${mark}` }),
                name(code),
                h('b', {}, texts.whole(counts.get(code) ?? 0)),
              );
            }),
        ),
      ),
      ...(listed.length > 0 ? [section(texts.t('result.strongest'), list)] : []),
    ],
    overlay: {
      title: texts.t('analysis.emerging_hotspots'),
      cells: rows.map(row => ({
        cell: str(row, 'cell'),
        ...classStyle(num(row, 'class_code')),
        text: `${name(num(row, 'class_code'))} · z ${num(row, 'z').toFixed(1)}`,
      })),
      areas: [],
      points: [],
      legend: codes
        .filter(code => counts.has(code))
        .map(code => ({ ...classStyle(code), label: name(code), count: counts.get(code) ?? 0 })),
    },
  };
}
