import type { Texture } from '../map/textures';

/** How a class of emerging hot spots is drawn. */
export interface ClassStyle {
  colour: string;
  texture?: Texture;
}

/** Reds from strong to pale in the order of the patterns, blues likewise; each pattern has a mark of its own as well. */
const HOT = ['#e31a1c', '#c2272d', '#99000d', '#cb4b3f', '#ef8a72', '#f4a48f', '#f7bfae', '#f9d7cb'] as const;
const COLD = [
  '#1f78d1',
  '#2468b4',
  '#0b3f8a',
  '#4a7fc1',
  '#86aee0',
  '#9dbfe8',
  '#b6d0ef',
  '#d0e1f5',
] as const;
/** New is plain, as it is the one to see first. */
const MARKS: readonly (Texture | undefined)[] = [
  undefined,
  'rising',
  'cross',
  'grid',
  'falling',
  'dots',
  'waves',
  'rings',
];

/** The style of a class by its code: 0 no pattern, 1 to 8 hot spots, 9 to 16 cold spots; red is hot, blue is cold. */
export function classStyle(code: number): ClassStyle {
  if (code < 1 || code > 16) return { colour: '#3a444f' };
  const at = (code - 1) % 8;
  const colour = (code <= 8 ? HOT : COLD)[at] ?? '#3a444f';
  const texture = MARKS[at];
  return texture ? { colour, texture } : { colour };
}
