import { h } from '../dom';
import type { Key } from '../i18n/i18n';
import { CONFIDENCE } from '../map/palette';
import { cellPlaces } from './cell-places';
import { LISTED, type Result, type ResultInput } from './result';
import { findingList, section } from './rows';
import { num, str } from './run';

const BINS = [3, 2, 1, -1, -2, -3] as const;

/** Hot and cold cells by confidence, as ArcGIS users read them. */
export function hotspots(input: ResultInput): Result {
  const { found, question, texts, goTo } = input;
  const { rows } = found;
  const count = (bin: number) => rows.filter(row => num(row, 'bin') === bin).length;
  const counts = new Map(BINS.map(bin => [bin, count(bin)]));
  const sum = (sign: number) =>
    BINS.filter(bin => bin * sign > 0).reduce((all, bin) => all + (counts.get(bin) ?? 0), 0);
  const values = {
    hot: texts.whole(sum(1)),
    cold: texts.whole(sum(-1)),
    sure: texts.whole(counts.get(3) ?? 0),
    all: texts.whole(rows.length),
  };
  const some = sum(1) + sum(-1) > 0;
  const key: Key = !some ? 'found.hotspotsNone' : question.shared ? 'found.hotspotsShared' : 'found.hotspots';
  const hot = rows.filter(row => num(row, 'bin') > 0).slice(0, LISTED);
  const list = findingList(
    hot.map(row => ({
      key: str(row, 'cell'),
      title: str(row, 'cell'),
      detail: texts.t('result.z', { z: num(row, 'z').toFixed(1), n: texts.rate(num(row, 'records')) }),
      value: question.shared ? texts.percent(num(row, 'value'), 1) : texts.rate(num(row, 'value')),
      colour: CONFIDENCE[num(row, 'bin')] ?? '',
      onclick: () => goTo({ cell: str(row, 'cell') }),
    })),
  );
  void cellPlaces(
    hot.map(row => str(row, 'cell')),
    input,
  ).then(names => {
    for (const [cell, name] of names) {
      const title = list.querySelector(`[data-key="${cell}"] .name`);
      if (title) title.textContent = name;
    }
  });
  const title = texts.t('analysis.hotspots');
  return {
    sentence: texts.t(key, values),
    body: [
      section(
        texts.t('result.classes'),
        h(
          'ul',
          { class: 'class-list' },
          ...BINS.map(bin =>
            h(
              'li',
              {},
              h('i', { class: 'swatch', style: `background:${CONFIDENCE[bin]}` }),
              texts.t(`bin.${bin}`),
              h('b', {}, texts.whole(counts.get(bin) ?? 0)),
            ),
          ),
        ),
      ),
      ...(hot.length > 0 ? [section(texts.t('result.strongest'), list)] : []),
    ],
    overlay: {
      title,
      cells: rows
        .filter(row => num(row, 'bin') !== 0 && !Number.isNaN(num(row, 'bin')))
        .map(row => ({
          cell: str(row, 'cell'),
          colour: CONFIDENCE[num(row, 'bin')] ?? '#888888',
          text: `${texts.t(`bin.${num(row, 'bin')}` as Key)} · ${texts.t('result.z', { z: num(row, 'z').toFixed(1), n: texts.rate(num(row, 'records')) })}`,
        })),
      areas: [],
      points: [],
      legend: BINS.map(bin => ({
        colour: CONFIDENCE[bin] ?? '',
        label: texts.t(`bin.${bin}`),
        count: counts.get(bin) ?? 0,
      })),
    },
  };
}
