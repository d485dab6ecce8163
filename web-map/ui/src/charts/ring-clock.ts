import { svg } from '../dom';
import { EMBER } from '../map/palette';

const SIZE = 200;
const MIDDLE = SIZE / 2;
const INNER = 34;
const OUTER = 82;

/** A point of the dial: hour 0 is at the top, hours go round as on a clock of 24. */
function at(hour: number, radius: number): [x: number, y: number] {
  const angle = (hour / 24) * 2 * Math.PI - Math.PI / 2;
  return [MIDDLE + radius * Math.cos(angle), MIDDLE + radius * Math.sin(angle)];
}

/** The colour of a part of the largest value, 0 to 1. */
export function shade(part: number): string {
  return EMBER[Math.min(EMBER.length - 1, Math.floor(part * EMBER.length))] ?? EMBER[0];
}

/** How the day goes: one petal for each hour, as long as its value; `label` is read out instead of the picture. */
export function ringClock(values: readonly number[], label: string): SVGSVGElement {
  const most = Math.max(1, ...values);
  const petals = values.map((value, hour) => {
    const part = value / most;
    const radius = INNER + (OUTER - INNER) * part;
    const corners = [
      at(hour + 0.06, INNER),
      at(hour + 0.06, radius),
      at(hour + 0.94, radius),
      at(hour + 0.94, INNER),
    ] as const;
    const [a, b, c, d] = corners.map(point => point.map(one => one.toFixed(1)).join(' '));
    const path = `M${a}L${b}A${radius} ${radius} 0 0 1 ${c}L${d}A${INNER} ${INNER} 0 0 0 ${a}Z`;
    return svg('path', { d: path, fill: shade(part * 0.999) }, svg('title', {}, `${hour}:00 – ${value}`));
  });
  const rings = [INNER, OUTER].map(radius =>
    svg('circle', { cx: MIDDLE, cy: MIDDLE, r: radius, class: 'ring' }),
  );
  const hours = [0, 3, 6, 9, 12, 15, 18, 21].map(hour => {
    const [x, y] = at(hour, OUTER + 11);
    return svg('text', { x, y: y + 4, 'text-anchor': 'middle' }, String(hour));
  });
  const peak = values.indexOf(most);
  return svg(
    'svg',
    { viewBox: `0 0 ${SIZE} ${SIZE}`, class: 'ring-clock', role: 'img', 'aria-label': label },
    ...rings,
    ...petals,
    ...hours,
    svg(
      'text',
      { x: MIDDLE, y: MIDDLE + 6, 'text-anchor': 'middle', class: 'peak' },
      peak < 0 ? '–' : `${peak}:00`,
    ),
  );
}
