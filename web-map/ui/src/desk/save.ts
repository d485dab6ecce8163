import { h } from '../dom';
import { CELL_OPACITY } from '../map/style';
import { textureUrl } from '../map/textures';
import type { Sheet } from './sheet';
import '../styles/print.css';

/** Width of the picture's text at which its sizes are given, in pixels. */
const BASE = 1200;
const FONT = '"Noto Sans SC Variable", system-ui, sans-serif';
const INK = { ground: '#10161d', text: '#e4ebf3', quiet: '#9aa8b8', line: '#33414f' };

/** The map and its sheet as one picture: title above, legend, source and data cut below. */
export async function pictureOf(map: HTMLCanvasElement, sheet: Sheet): Promise<Blob> {
  const { width } = map;
  const unit = width / BASE;
  const textures = await Promise.all(
    sheet.legend.map(({ texture }) => (texture ? imageOf(textureUrl(texture)) : null)),
  );
  const columns = Math.max(1, Math.min(sheet.legend.length, 8));
  const rows = Math.ceil(sheet.legend.length / columns);
  const head = (30 + 26 + sheet.lines.length * 20 + 12) * unit;
  const foot = (34 + rows * 42 + sheet.source.length * 17 + 18) * unit;
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = Math.round(head + map.height + foot);
  const pen = canvas.getContext('2d');
  if (!pen) throw new Error('no canvas');
  pen.fillStyle = INK.ground;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  const left = 24 * unit;
  const room = width - 2 * left;
  const write = (
    text: string,
    x: number,
    y: number,
    size: number,
    colour: string,
    weight = 400,
    most = room,
  ) => {
    pen.font = `${weight} ${size * unit}px ${FONT}`;
    pen.fillStyle = colour;
    pen.fillText(fitted(pen, text, most), x, y);
  };
  write(sheet.title, left, 40 * unit, 24, INK.text, 600);
  for (const [i, line] of sheet.lines.entries()) write(line, left, (66 + i * 20) * unit, 14, INK.quiet);
  pen.drawImage(map, 0, head);
  let y = head + map.height + 26 * unit;
  write(sheet.legendTitle, left, y, 14, INK.text, 600);
  y += 12 * unit;
  const wide = room / columns;
  for (const [i, { colour, label, count }] of sheet.legend.entries()) {
    const x = left + (i % columns) * wide;
    const top = y + Math.floor(i / columns) * 42 * unit;
    pen.globalAlpha = CELL_OPACITY;
    pen.fillStyle = colour;
    pen.fillRect(x, top, wide - 8 * unit, 11 * unit);
    pen.globalAlpha = 1;
    const texture = textures[i];
    const pattern = texture && pen.createPattern(texture, 'repeat');
    if (pattern) {
      pen.fillStyle = pattern;
      pen.fillRect(x, top, wide - 8 * unit, 11 * unit);
    }
    write(`${label}   ${count}`, x, top + 27 * unit, 13, INK.text, 400, wide - 12 * unit);
  }
  y += rows * 42 * unit + 14 * unit;
  for (const [i, line] of sheet.source.entries()) write(line, left, y + i * 17 * unit, 12, INK.quiet);
  return new Promise((resolve, reject) =>
    canvas.toBlob(blob => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/png'),
  );
}

/** The sheet as a part of the page that only paper shows; its text stays text. */
export function paperOf(map: HTMLCanvasElement, sheet: Sheet): HTMLElement {
  const copy = h('canvas', { width: map.width, height: map.height });
  copy.getContext('2d')?.drawImage(map, 0, 0);
  return h(
    'section',
    { class: 'paper' },
    h('h1', {}, sheet.title),
    ...sheet.lines.map(line => h('p', {}, line)),
    copy,
    h('h2', {}, sheet.legendTitle),
    h(
      'ul',
      {},
      ...sheet.legend.map(({ colour, texture, label, count }) =>
        h(
          'li',
          {},
          h('i', {
            style: `background:${texture ? `url(${textureUrl(texture)}) 0 0/12px, ` : ''}${colour};opacity:${CELL_OPACITY}`,
          }),
          h('span', {}, label),
          h('b', {}, count),
        ),
      ),
    ),
    h('footer', {}, ...sheet.source.map(line => h('p', {}, line))),
  );
}

/** Gives a file to the reader. */
export function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  h('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A name for a file that says what and when, without what file systems refuse. */
export function fileName(title: string, time: string): string {
  return `${title} ${time}`.replaceAll(/[\\/:*?"<>|\s·–]+/g, '-').replaceAll(/^-+|-+$/g, '');
}

/** The text as far as it has room. */
function fitted(pen: CanvasRenderingContext2D, text: string, most: number): string {
  if (pen.measureText(text).width <= most) return text;
  let end = text.length;
  while (end > 0 && pen.measureText(`${text.slice(0, end)}…`).width > most) end--;
  return `${text.slice(0, end)}…`;
}

async function imageOf(url: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}
