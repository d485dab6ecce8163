import { lagPlot } from '../charts/lag-plot';
import { LISTED, placeKey, placeName, placeOf, type Result, type ResultInput } from './result';
import { findingList, section } from './rows';
import { num, type Row, str } from './run';

/** Sensors that rise before complaints do: hours ahead against correlation, and what a warning is worth. */
export function leading(input: ResultInput): Result {
  const { found, question, texts, goTo } = input;
  const { rows } = found;
  const first = rows[0];
  const level = question.values.by ?? '';
  const name = (row: Row) => placeName(placeOf(row, question), input);
  const pair = (row: Row) =>
    `${str(row, 'property') || str(row, 'datastream')} → ${str(row, 'category') || texts.t('filter.none')}`;
  const words = (row: Row) => ({
    place: name(row),
    property: str(row, 'property') || str(row, 'datastream'),
    what: str(row, 'category') || texts.t('filter.none'),
    lag: num(row, 'lag_hours'),
    r: num(row, 'correlation').toFixed(2),
    threshold: texts.rate(num(row, 'threshold')),
    precision: Number.isNaN(num(row, 'precision')) ? '–' : texts.percent(num(row, 'precision'), 1),
  });
  const key = (row: Row) =>
    `${placeKey(placeOf(row, question))}/${str(row, 'datastream')}/${str(row, 'category')}`;
  const painted = new Set<string>();
  const list = findingList(
    rows.slice(0, LISTED).map(row => ({
      key: key(row),
      title: pair(row),
      detail: `${name(row)} · ${texts.t('result.lead', words(row))}`,
      value: `${num(row, 'lag_hours')} h`,
      onclick: () => goTo(placeOf(row, question)),
    })),
  );
  return {
    sentence: first
      ? texts.t('found.leading', { ...words(first), n: texts.whole(rows.length) })
      : texts.t('found.leadingNone'),
    body: first
      ? [
          section(
            texts.t('result.lags'),
            lagPlot(
              rows.map((row, i) => ({
                key: key(row),
                lag: num(row, 'lag_hours'),
                correlation: num(row, 'correlation'),
                label: `${name(row)} · ${pair(row)} · ${texts.t('result.lead', words(row))}`,
                strong: i === 0,
              })),
              {
                x: texts.t('result.lagX'),
                y: texts.t('result.lagY'),
                label: texts.t('result.lags'),
              },
              picked => {
                const button = list.querySelector<HTMLElement>(`[data-key="${CSS.escape(picked)}"]`);
                button?.scrollIntoView({ block: 'nearest' });
                button?.focus();
              },
            ),
          ),
          section(texts.t('result.pairs'), list),
        ]
      : [],
    overlay: {
      title: texts.t('analysis.leading_sensors'),
      cells: [],
      areas: rows
        .filter(row => !painted.has(str(row, level)) && painted.add(str(row, level)))
        .map(row => ({
          level,
          id: str(row, level),
          colour: '#b9498f',
          text: `${pair(row)} · ${texts.t('result.lead', words(row))}`,
          key: placeKey(placeOf(row, question)),
        })),
      points: [],
      legend: [{ colour: '#b9498f', label: texts.t('analysis.leading_sensors'), count: painted.size }],
    },
  };
}
