import { api } from '../api/client';
import { query } from '../api/filter';
import { lineChart } from '../charts/line-chart';
import { h } from '../dom';
import { spread } from '../map/palette';
import { latest } from '../time/choice';
import { DAY } from '../time/zone';
import { LISTED, placeKey, placeName, type Result, type ResultInput } from './result';
import { findingList, section } from './rows';
import { instantOf, num, str } from './run';

interface Day {
  at: number;
  expected: number;
  low: number;
  high: number;
}

/**
 * What comes next, in sum: the bounds of all places together are wider than they need be, as each series has its
 * own interval and these are added.
 */
export function forecast(input: ResultInput): Result {
  const { found, question, texts, zone, now, goTo } = input;
  const level = question.values.by ?? '';
  const days = new Map<number, Day>();
  const places = new Map<string, number>();
  for (const row of found.rows) {
    const at = instantOf(row, 'time');
    const day = days.get(at) ?? { at, expected: 0, low: 0, high: 0 };
    day.expected += num(row, 'expected');
    day.low += num(row, 'low');
    day.high += num(row, 'high');
    days.set(at, day);
    places.set(str(row, level), (places.get(str(row, level)) ?? 0) + num(row, 'expected'));
  }
  const all = [...days.values()].sort((a, b) => a.at - b.at);
  const total = (of: 'expected' | 'low' | 'high') => all.reduce((sum, day) => sum + day[of], 0);
  const peak = all.reduce((best, day) => (day.expected > (best?.expected ?? -1) ? day : best), all[0]);
  const order = [...places].sort((a, b) => b[1] - a[1]);
  const chart = h('div', {});
  if (all.length > 0) void draw(chart, all, input);
  const colours = spread(5);
  const most = order[0]?.[1] ?? 1;
  const colour = (value: number) => colours[Math.min(4, Math.floor((value / most) * 5))] ?? '#888888';
  return {
    sentence: peak
      ? texts.t('found.forecast', {
          days: all.length,
          expected: texts.whole(total('expected')),
          low: texts.whole(total('low')),
          high: texts.whole(total('high')),
          percent: texts.percent(Number(question.values.level ?? 0.9), 1),
          peak: zone
            .format(texts.locale, { month: 'short', day: 'numeric', weekday: 'long' })
            .format(peak.at),
        })
      : texts.t('found.forecastNone'),
    body: peak
      ? [
          section(texts.t('result.forecastChart'), chart),
          section(
            texts.t('result.byPlace'),
            findingList(
              order.slice(0, LISTED).map(([id, value]) => ({
                key: placeKey({ level, id }),
                title: placeName({ level, id }, input),
                detail: '',
                value: texts.rate(value),
                colour: colour(value),
                onclick: () => goTo({ level, id }),
              })),
            ),
          ),
        ]
      : [],
    overlay: {
      title: texts.t('analysis.forecast'),
      cells: [],
      areas: order.map(([id, value]) => ({
        level,
        id,
        colour: colour(value),
        text: `${texts.t('result.expected')} ${texts.rate(value)}`,
        key: placeKey({ level, id }),
      })),
      points: [],
      legend: colours.map((one, i) => ({
        colour: one,
        label: `≥ ${texts.rate((most * i) / 5)}`,
        count: order.filter(([, value]) => colour(value) === one).length,
      })),
    },
  };

  async function draw(room: HTMLElement, ahead: Day[], { city }: ResultInput): Promise<void> {
    const first = ahead[0]?.at ?? now;
    const era = {
      zone,
      now,
      monthDay: city.assessment_month_day,
      range: city.range ? { from: Date.parse(city.range.from), to: Date.parse(city.range.to) } : null,
    };
    const end = Math.min(first, latest(era));
    const past = await api
      .series(query(question.filter, { from: zone.floor(end - 28 * DAY, 'day'), to: first }, { bin: 'day' }))
      .catch(() => null);
    const before = past?.series ?? [];
    const x = [...before.map(([start]) => Date.parse(start)), ...ahead.map(day => day.at)];
    const pad = <T>(values: T[], lead: number): (T | null)[] => [
      ...new Array<null>(lead).fill(null),
      ...values,
    ];
    room.replaceChildren(
      lineChart(
        {
          x,
          isTime: true,
          height: 170,
          label: texts.t('result.forecastChart'),
          band: [3, 4],
          lines: [
            {
              label: texts.t('result.past'),
              values: [...before.map(([, value]) => value), ...ahead.map(() => null)],
              colour: '#9aa8b8',
            },
            {
              label: texts.t('result.expected'),
              values: pad(
                ahead.map(day => day.expected),
                before.length,
              ),
              colour: '#5fd0e6',
            },
            {
              label: texts.t('result.high'),
              values: pad(
                ahead.map(day => day.high),
                before.length,
              ),
              colour: '#2f7f8f',
              dashed: true,
            },
            {
              label: texts.t('result.low'),
              values: pad(
                ahead.map(day => day.low),
                before.length,
              ),
              colour: '#2f7f8f',
              dashed: true,
            },
          ],
        },
        zone,
        texts,
      ),
    );
  }
}
