/**
 * The colours of the heat map, from few to many. Made in OKLCH with lightness rising by the same step from
 * 0.40 to 0.93, so that equal steps look equal; hue goes from violet over rose to yellow, and because lightness
 * alone carries the order, it reads the same with any colour vision and on a grey print.
 */
export const EMBER = ['#502e8e', '#863a97', '#b9498f', '#e46474', '#fc8d59', '#ffbd67', '#fde988'] as const;

/**
 * The colours of more and less, from much less to much more: blue to orange over grey, two hues that no common colour
 * vision confuses, with lightness rising to both sides on the dark ground.
 */
export const DIVERGING = [
  '#8fc7ff',
  '#4a92d6',
  '#2f5d8c',
  '#3a444f',
  '#8c5a2f',
  '#d98a3d',
  '#ffc27a',
] as const;

/** Hot and cold spots at 99, 95 and 90 % as ArcGIS draws them, from cold 99 % (-3) to hot 99 % (3); 0 is not drawn. */
export const CONFIDENCE: Record<number, string> = {
  '-3': '#4575b5',
  '-2': '#849eba',
  '-1': '#c0ccbe',
  1: '#fab984',
  2: '#ed7551',
  3: '#d62f27',
};

/** `count` colours spread over the whole palette, so that a scale of three classes still goes from dark to bright. */
export function spread(count: number): string[] {
  if (count <= 1) return [EMBER[3]];
  return Array.from({ length: count }, (_, i) => {
    const at = Math.round((i * (EMBER.length - 1)) / (count - 1));
    return EMBER[at] ?? EMBER[0];
  });
}
