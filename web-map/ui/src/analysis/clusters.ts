import { spread } from '../map/palette';
import { LISTED, placeKey, placeName, placeOf, probability, type Result, type ResultInput } from './result';
import { findingList, section } from './rows';
import { instantOf, num, type Row, str } from './run';

const ALPHA = 0.05;

/** Clusters of places and times beyond chance; all places of a cluster have its colour. */
export function clusters(input: ResultInput): Result {
  const { found, question, texts, goTo } = input;
  const significant = found.rows.filter(row => num(row, 'p') <= ALPHA);
  const first = significant[0];
  const name = (row: Row) => placeName(placeOf(row, question), input);
  const words = (row: Row) => ({
    place: name(row),
    from: texts.date(instantOf(row, 'from')),
    count: texts.whole(num(row, 'count')),
    expected: texts.rate(num(row, 'expected')),
    risk: texts.rate(num(row, 'relative_risk')),
    p: probability(num(row, 'p')),
  });
  const least = Math.min(...found.rows.map(row => num(row, 'p')), 1);
  const shown = significant.slice(0, LISTED);
  const colours = spread(Math.max(shown.length, 3)).reverse();
  const level = question.values.by ?? '';
  const places = (row: Row) => (Array.isArray(row.places) ? row.places.map(String) : [str(row, level)]);
  const text = (row: Row) => {
    const { count, expected, risk, from } = words(row);
    return `${texts.t('result.since', { from })} · ${count} / ${expected} (×${risk})`;
  };
  // A place of several clusters has the colour of the strongest.
  const painted = new Set<string>();
  const paint = shown.flatMap((row, i) =>
    places(row)
      .filter(id => !painted.has(id) && painted.add(id))
      .map(id => ({
        id,
        colour: colours[i % colours.length] ?? '#888888',
        text: text(row),
        key: String(num(row, 'rank')),
      })),
  );
  return {
    sentence: first
      ? texts.t('found.clusters', { ...words(first), n: texts.whole(significant.length) })
      : texts.t('found.clustersNone', { p: probability(least) }),
    body: first
      ? [
          section(
            texts.t('result.clusters'),
            findingList(
              shown.map((row, i) => ({
                key: placeKey(placeOf(row, question)),
                title: places(row).length > 1 ? `${name(row)} +${places(row).length - 1}` : name(row),
                detail: text(row),
                value: `p ${probability(num(row, 'p'))}`,
                colour: colours[i % colours.length] ?? '',
                onclick: () => goTo(placeOf(row, question)),
              })),
            ),
          ),
        ]
      : [],
    overlay: {
      title: texts.t('analysis.clusters'),
      cells: level === 'cell' ? paint.map(({ id, ...rest }) => ({ cell: id, ...rest })) : [],
      areas: level === 'cell' ? [] : paint.map(one => ({ level, ...one })),
      points: [],
      legend: shown.map((row, i) => ({
        colour: colours[i % colours.length] ?? '',
        label: name(row),
        count: num(row, 'count'),
      })),
    },
  };
}
