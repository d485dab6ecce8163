import { spread } from '../map/palette';
import { LISTED, placeKey, placeName, placeOf, type Result, type ResultInput, ranked } from './result';
import { findingList, section } from './rows';
import { instantOf, num, type Row, str } from './run';

/** What is suddenly more, the strongest first; each place has the colour of its strongest burst. */
export function bursts(input: ResultInput): Result {
  const { found, question, texts, goTo } = input;
  const rows = ranked(found.rows, 'score');
  const first = rows[0];
  const name = (row: Row) => placeName(placeOf(row, question), input);
  const what = (row: Row) => str(row, 'category') || texts.t('filter.none');
  const score = (row: Row) => num(row, 'score');
  const most = Math.max(1, ...rows.map(score).filter(Number.isFinite));
  const colours = spread(5);
  const colour = (row: Row) => {
    const part = Number.isFinite(score(row)) ? Math.min(score(row) / most, 0.999) : 0.999;
    return colours[Math.floor(part * colours.length)] ?? '#888888';
  };
  const level = question.values.by ?? '';
  const text = (row: Row) =>
    `${what(row)} · ${texts.date(instantOf(row, 'time'))} · ${texts.whole(num(row, 'count'))} (${texts.t('result.usual', { n: texts.rate(num(row, 'expected')) })})`;
  const breadth = (row: Row) => {
    const word = str(row, 'breadth');
    return word === '' ? '' : ` · ${texts.t(word === 'broad' ? 'result.broad' : 'result.narrow')}`;
  };
  const strongest = new Map<string, Row>();
  for (const row of rows) if (!strongest.has(str(row, level))) strongest.set(str(row, level), row);
  const paint = [...strongest].map(([id, row]) => ({
    id,
    colour: colour(row),
    text: text(row),
    key: placeKey(placeOf(row, question)),
  }));
  return {
    sentence: first
      ? texts.t('found.bursts', {
          n: texts.whole(rows.length),
          place: name(first),
          what: what(first),
          time: texts.date(instantOf(first, 'time')),
          count: texts.whole(num(first, 'count')),
          expected: texts.rate(num(first, 'expected')),
        })
      : texts.t('found.burstsNone'),
    body: first
      ? [
          section(
            texts.t('result.bursts'),
            findingList(
              rows.slice(0, 2 * LISTED).map(row => ({
                key: placeKey(placeOf(row, question)),
                title: `${name(row)} · ${what(row)}`,
                detail: `${texts.date(instantOf(row, 'time'))} · ${texts.t('result.usual', { n: texts.rate(num(row, 'expected')) })}${breadth(row)}`,
                value: texts.whole(num(row, 'count')),
                colour: colour(row),
                onclick: () => goTo(placeOf(row, question)),
              })),
            ),
          ),
        ]
      : [],
    overlay: {
      title: texts.t('analysis.bursts'),
      cells: level === 'cell' ? paint.map(({ id, ...rest }) => ({ cell: id, ...rest })) : [],
      areas: level === 'cell' ? [] : paint.map(one => ({ level, ...one })),
      points: [],
      legend: rows.slice(0, 6).map(row => ({
        colour: colour(row),
        label: `${name(row)} · ${what(row)}`,
        count: num(row, 'count'),
      })),
    },
  };
}
