import { h, svg } from '../dom';

const WIDTH = 300;
const HEIGHT = 56;

/** A small curve over calendar bins, with its first and last label and its highest value. */
export function sparkline(
  series: readonly (readonly [start: string, value: number])[],
  label: (start: string) => string,
  peakText: (value: number) => string,
): HTMLElement {
  const values = series.map(([, value]) => value);
  const most = Math.max(1, ...values);
  const x = (i: number) => (values.length > 1 ? (i / (values.length - 1)) * WIDTH : WIDTH / 2);
  const y = (value: number) => HEIGHT - 3 - (value / most) * (HEIGHT - 8);
  const line = values
    .map((value, i) => `${i === 0 ? 'M' : 'L'}${x(i).toFixed(1)} ${y(value).toFixed(1)}`)
    .join('');
  const peak = values.indexOf(Math.max(...values));
  const first = series[0]?.[0];
  const last = series.at(-1)?.[0];
  return h(
    'figure',
    { class: 'spark' },
    svg(
      'svg',
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
      svg('path', { class: 'fill', d: `${line}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z` }),
      svg('path', { class: 'line', d: line, 'vector-effect': 'non-scaling-stroke' }),
    ),
    h(
      'figcaption',
      {},
      h('span', {}, first ? label(first) : ''),
      h('span', { class: 'peak' }, peakText(values[peak] ?? 0)),
      h('span', {}, last ? label(last) : ''),
    ),
  );
}
