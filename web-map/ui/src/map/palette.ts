/**
 * The colours of the heat map, from few to many. Made in OKLCH with lightness rising by the same step from
 * 0.40 to 0.93, so that equal steps look equal; hue goes from violet over rose to yellow, and because lightness
 * alone carries the order, it reads the same with any colour vision and on a grey print.
 */
export const EMBER = ['#502e8e', '#863a97', '#b9498f', '#e46474', '#fc8d59', '#ffbd67', '#fde988'] as const;

/** `count` colours spread over the whole palette, so that a scale of three classes still goes from dark to bright. */
export function spread(count: number): string[] {
  if (count <= 1) return [EMBER[3]];
  return Array.from({ length: count }, (_, i) => {
    const at = Math.round((i * (EMBER.length - 1)) / (count - 1));
    return EMBER[at] ?? EMBER[0];
  });
}
