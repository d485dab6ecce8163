import { svg } from '../dom';

export interface LagPoint {
  key: string;
  /** Hours by which the sensor is ahead. */
  lag: number;
  /** Correlation at this lag, -1 to 1. */
  correlation: number;
  label: string;
  strong: boolean;
}

const WIDTH = 320;
const HEIGHT = 170;
const LEFT = 34;
const BOTTOM = 26;

/** Hours ahead against correlation: one dot for each pair of sensor and category. */
export function lagPlot(
  points: readonly LagPoint[],
  words: { x: string; y: string; label: string },
  pick: (key: string) => void,
): SVGSVGElement {
  const longest = Math.max(12, ...points.map(({ lag }) => lag));
  const low = Math.min(0, ...points.map(({ correlation }) => correlation));
  const high = Math.max(0.1, ...points.map(({ correlation }) => correlation)) * 1.12;
  const x = (lag: number) => LEFT + (lag / longest) * (WIDTH - LEFT - 10);
  const y = (r: number) => 8 + (1 - (r - low) / (high - low)) * (HEIGHT - BOTTOM - 8);
  const step = longest > 24 ? 12 : 6;
  const ticks = Array.from({ length: Math.floor(longest / step) + 1 }, (_, i) => i * step);
  const levels = [low, 0, high / 2, high].filter((level, i, all) => all.indexOf(level) === i);
  return svg(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'lag-plot', role: 'img', 'aria-label': words.label },
    ...levels.flatMap(level => [
      svg('line', {
        x1: LEFT,
        x2: WIDTH - 6,
        y1: y(level),
        y2: y(level),
        class: level === 0 ? 'zero' : 'grid',
      }),
      svg('text', { x: LEFT - 5, y: y(level) + 4, 'text-anchor': 'end' }, level.toFixed(2)),
    ]),
    ...ticks.map(tick =>
      svg('text', { x: x(tick), y: HEIGHT - BOTTOM + 14, 'text-anchor': 'middle' }, String(tick)),
    ),
    svg('text', { x: WIDTH - 6, y: HEIGHT - 1, 'text-anchor': 'end', class: 'axis' }, words.x),
    svg('text', { x: LEFT, y: 7, class: 'axis' }, words.y),
    ...points.map(({ key, lag, correlation, label, strong }) =>
      svg(
        'circle',
        {
          cx: x(lag),
          cy: y(correlation),
          r: strong ? 6 : 4,
          class: strong ? 'strong' : '',
          'data-key': key,
          onclick: () => pick(key),
        },
        svg('title', {}, label),
      ),
    ),
  );
}
