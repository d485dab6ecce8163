import { api, isAbort } from '../api/client';
import { areaText, query } from '../api/filter';
import { calendarHeat } from '../charts/calendar-heat';
import { ringClock } from '../charts/ring-clock';
import { byHour, fold, weekGrid } from '../charts/week-grid';
import { windowTimeline } from '../charts/window-timeline';
import { h } from '../dom';
import { DAY } from '../time/zone';
import { LISTED, placeKey, placeName, placeOf, type Result, type ResultInput } from './result';
import { section } from './rows';
import { instantOf, num, type Row, str } from './run';

const AHEAD = 7 * DAY;

/** What comes back: when it is next expected, and the rhythm of the one that is looked at. */
export function periodic(input: ResultInput): Result {
  const { found, question, texts, zone, now, goTo } = input;
  const rows = [...found.rows].sort((a, b) => instantOf(a, 'next_from') - instantOf(b, 'next_from'));
  const coming = rows.filter(row => instantOf(row, 'next_to') >= now);
  const next = coming[0] ?? rows[0];
  const name = (row: Row) => placeName(placeOf(row, question), input);
  const what = (row: Row) => str(row, 'category') || texts.t('filter.none');
  const rhythm = h('div', { class: 'rhythm' });
  let looking = new AbortController();
  const look = (row: Row) => {
    looking.abort();
    looking = new AbortController();
    void showRhythm(rhythm, row, input, looking.signal);
  };
  const near = coming.filter(row => instantOf(row, 'next_from') < now + 2 * AHEAD).slice(0, LISTED);
  const shown = near.length > 0 ? near : rows.slice(0, LISTED);
  if (next) look(next);
  const level = question.values.by ?? '';
  const painted = new Set<string>();
  return {
    sentence: next
      ? texts.t('found.periodic', {
          n: texts.whole(rows.length),
          place: name(next),
          what: what(next),
          phase: str(next, 'phase'),
          from: texts.dateTime(instantOf(next, 'next_from')),
          to: texts.dateTime(instantOf(next, 'next_to')),
          expected: texts.rate(num(next, 'expected')),
        })
      : texts.t('found.periodicNone'),
    body: next
      ? [
          section(
            texts.t('result.nextWindows'),
            windowTimeline(
              shown.map(row => ({
                key: placeKey(placeOf(row, question)),
                label: `${name(row)} · ${what(row)}`,
                from: instantOf(row, 'next_from'),
                to: instantOf(row, 'next_to'),
                note: `${str(row, 'phase')} · ≈ ${texts.rate(num(row, 'expected'))}`,
                onclick: () => {
                  look(row);
                  goTo(placeOf(row, question));
                },
              })),
              now,
              zone,
              texts,
            ),
          ),
          rhythm,
        ]
      : [],
    overlay: {
      title: texts.t('analysis.periodic_issues'),
      cells: [],
      areas: rows
        .filter(row => !painted.has(str(row, level)) && painted.add(str(row, level)))
        .map(row => ({
          level,
          id: str(row, level),
          colour: instantOf(row, 'next_from') < now + DAY ? SOON : LATER,
          text: `${what(row)} · ${str(row, 'phase')}`,
          key: placeKey(placeOf(row, question)),
        })),
      points: [],
      legend: [
        {
          colour: SOON,
          label: texts.t('result.soon'),
          count: rows.filter(row => instantOf(row, 'next_from') < now + DAY).length,
        },
        {
          colour: LATER,
          label: texts.t('result.later'),
          count: rows.filter(row => instantOf(row, 'next_from') >= now + DAY).length,
        },
      ],
    },
  };
}

const SOON = '#fc8d59';
const LATER = '#863a97';

/** The clock, the week and the calendar of one place and category, counted in the same time as the finding. */
async function showRhythm(
  room: HTMLElement,
  row: Row,
  input: ResultInput,
  signal: AbortSignal,
): Promise<void> {
  const { question, texts, zone } = input;
  const place = placeOf(row, question);
  const category = str(row, 'category');
  const filter = {
    ...question.filter,
    categories: category ? [category] : question.filter.categories,
    area: 'cell' in place ? question.filter.area : place,
  };
  try {
    const { series } = await api.series(query(filter, question.window, { bin: 'hour' }), signal);
    const week = fold(series, zone);
    const hours = byHour(week);
    const peak = hours.indexOf(Math.max(...hours));
    const title = texts.t('result.rhythmOf', {
      what: category || areaText(filter.area ?? { level: '', id: '' }),
    });
    room.replaceChildren(
      section(
        `${placeName(place, input)} · ${title}`,
        h(
          'div',
          { class: 'rhythm-pair' },
          h(
            'figure',
            {},
            ringClock(hours, texts.t('result.ringLabel', { hour: peak })),
            h('figcaption', {}, texts.t('result.byHour')),
          ),
          h(
            'figure',
            {},
            weekGrid(week, texts, texts.t('result.weekLabel')),
            h('figcaption', {}, texts.t('result.byWeek')),
          ),
        ),
        h(
          'figure',
          {},
          calendarHeat(series, zone, texts, texts.t('result.calendarLabel')),
          h('figcaption', {}, texts.t('result.byDay')),
        ),
      ),
    );
  } catch (error) {
    if (!isAbort(error)) room.replaceChildren(h('p', { class: 'refused' }, (error as Error).message));
  }
}
