import { areaText, EVERYTHING, parseArea } from '../api/filter';
import { isLang } from '../i18n/i18n';
import { PRESETS, SPANS, type TimeChoice } from '../time/choice';
import type { Camera, Selection, View } from './view';

/**
 * A view as the query string of the page's address, with the API's own words for the filter. What equals
 * `base` (the view a visitor gets without a query) is left out, so that links stay short.
 */
export function print(view: View, base: View): string {
  const params = new URLSearchParams();
  if (view.lang !== base.lang) params.set('lang', view.lang);
  for (const category of view.filter.categories) params.append('category', category);
  for (const channel of view.filter.channels) params.append('channel', channel);
  for (const status of view.filter.statuses) params.append('status', status);
  if (view.filter.area) params.set('area', areaText(view.filter.area));
  if ('preset' in view.time) {
    if (!('preset' in base.time) || view.time.preset !== base.time.preset) {
      params.set('time', view.time.preset);
    }
  } else {
    params.set('from', new Date(view.time.from).toISOString());
    if (view.time.to !== null) params.set('to', new Date(view.time.to).toISOString());
  }
  if (view.span && view.span !== base.span) params.set('span', view.span);
  if (view.method !== base.method) params.set('breaks', view.method);
  if (view.selection) params.set('select', selectionText(view.selection));
  if (view.camera) params.set('at', cameraText(view.camera));
  // Colons, slashes and commas are allowed in a query and read better.
  return params.toString().replaceAll('%3A', ':').replaceAll('%2F', '/').replaceAll('%2C', ',');
}

/** Reads a query string; what is missing or makes no sense is taken from `base`. */
export function parse(search: string, base: View): View {
  const params = new URLSearchParams(search);
  const lang = params.get('lang') ?? '';
  const span = SPANS.find(name => name === params.get('span')) ?? base.span;
  return {
    lang: isLang(lang) ? lang : base.lang,
    filter: {
      ...EVERYTHING,
      categories: params.getAll('category'),
      channels: params.getAll('channel'),
      statuses: params.getAll('status'),
      area: parseArea(params.get('area') ?? ''),
    },
    time: parseTime(params) ?? base.time,
    span,
    selection: parseSelection(params.get('select') ?? ''),
    method: params.get('breaks') === 'quantile' ? 'quantile' : base.method,
    camera: parseCamera(params.get('at') ?? ''),
  };
}

function parseTime(params: URLSearchParams): TimeChoice | null {
  const from = instant(params.get('from'));
  const to = instant(params.get('to'));
  if (from !== null && (to === null || to > from)) return { from, to };
  const preset = PRESETS.find(name => name === params.get('time'));
  return preset ? { preset } : null;
}

function instant(text: string | null): number | null {
  const at = Date.parse(text ?? '');
  return Number.isNaN(at) ? null : at;
}

function selectionText(selection: Selection): string {
  return 'cell' in selection ? `cell:${selection.cell}` : areaText(selection.area);
}

function parseSelection(text: string): Selection | null {
  const ref = parseArea(text);
  if (!ref) return null;
  if (ref.level !== 'cell') return { area: ref };
  return /^8[0-9a-f]{14}$/.test(ref.id) ? { cell: ref.id } : null;
}

/** `zoom/latitude/longitude`, the order that map addresses commonly have. */
function cameraText({ zoom, lat, lon }: Camera): string {
  return `${zoom.toFixed(2)}/${lat.toFixed(5)}/${lon.toFixed(5)}`;
}

function parseCamera(text: string): Camera | null {
  const [zoom = NaN, lat = NaN, lon = NaN] = text.split('/').map(Number);
  const sane = zoom >= 0 && zoom <= 24 && Math.abs(lat) <= 85 && Math.abs(lon) <= 180;
  return sane ? { zoom, lat, lon } : null;
}
