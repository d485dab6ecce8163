type Child = Node | string | number | null | undefined | false;

/** Attributes by name; a function under `onevent` listens; true, false and null set or leave out. */
type Props = Record<string, string | number | boolean | null | undefined | EventListener>;

/** Makes one HTML element. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  apply(element, props);
  append(element, children);
  return element;
}

/** Makes one SVG element. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  apply(element, props);
  append(element, children);
  return element;
}

function apply(element: Element, props: Props): void {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
}

function append(element: Element, children: Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

/** Sets a text only where it differs, so that screen readers and selections are left in peace. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** An icon of 16 by 16 drawn with lines. */
export function icon(path: string): SVGSVGElement {
  return svg(
    'svg',
    { viewBox: '0 0 16 16', class: 'icon', 'aria-hidden': 'true', focusable: 'false' },
    svg('path', { d: path }),
  );
}

/** Line drawings for buttons. */
export const ICONS = {
  play: 'M5 3.2v9.6l7.6-4.8z',
  pause: 'M5 3.5v9M11 3.5v9',
  back: 'M10.5 4 6.5 8l4 4M5 4v8',
  forward: 'M5.5 4l4 4-4 4M11 4v8',
  table: 'M2.5 3.5h11v9h-11zM2.5 6.5h11M6.2 6.5v6M9.8 6.5v6',
  download: 'M8 2.5v7M5 7l3 3 3-3M3 13h10',
  explore: 'M2.5 4.5l3.7-1.7 3.6 1.7 3.7-1.7v8.7l-3.7 1.7-3.6-1.7-3.7 1.7zM6.2 2.8v8.7M9.8 4.5v8.7',
  analyse: 'M2.5 13.5h11M4 11V7.5M8 11V3M12 11V5.5',
  sql: 'M3 4.5l3.5 3.5L3 11.5M8 12h5',
  alerts: 'M4 11.5V7.3a4 4 0 0 1 8 0v4.2l1.2 1H2.8zM6.8 14h2.4',
  feeds: 'M3 13a0.6 .6 0 1 0 .01 0M3 8.5A4.5 4.5 0 0 1 7.5 13M3 4a9 9 0 0 1 9 9',
  print: 'M4.5 6V2.5h7V6M4.5 11h-2V6h11v5h-2M4.5 9.5h7v4h-7z',
  picture: 'M2.5 3.5h11v9h-11zM2.5 11l3.2-3.5 2.6 2.6 1.8-1.7 3.4 3',
  plus: 'M8 3.5v9M3.5 8h9',
  minus: 'M3.5 8h9',
  fit: 'M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3',
  link: 'M6.8 9.2a2.6 2.6 0 0 0 3.7 0l2-2a2.6 2.6 0 0 0-3.7-3.7l-.9.9M9.2 6.8a2.6 2.6 0 0 0-3.7 0l-2 2a2.6 2.6 0 0 0 3.7 3.7l.9-.9',
  close: 'M4 4l8 8M12 4l-8 8',
  left: 'M9.5 3.5 5 8l4.5 4.5',
  right: 'M6.5 3.5 11 8l-4.5 4.5',
  wall: 'M2.5 3.5h11v7h-11zM6 13h4',
  funnel: 'M2.5 3.5h11L9.3 8.6v3.9l-2.6-1.3V8.6z',
  warn: 'M8 2.5l6 10.8H2zM8 6.5v3.2M8 11.4v.2',
  target: 'M8 1.5v3M8 11.5v3M1.5 8h3M11.5 8h3M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6z',
  search: 'M7 2.8a4.2 4.2 0 1 1 0 8.4a4.2 4.2 0 0 1 0-8.4M10.2 10.2l3.3 3.3',
  cell: 'M8 2l5.2 3v6L8 14l-5.2-3V5z',
  keys: 'M5.5 7a2.7 2.7 0 1 0 0 .01M8.2 7h5.3v2.5M11 7v2',
  scale: 'M2.5 12.5h2.6v-3H2.5zM6.7 12.5h2.6v-6H6.7zM10.9 12.5h2.6v-9h-2.6z',
} as const;

/** The clipboard needs a secure context; on a plain address a selected field does the same. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = h('textarea', { class: 'offscreen' });
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand('copy');
    field.remove();
  }
}
