import { areaText, EVERYTHING, parseArea } from '../api/filter';
import { readWeek } from '../api/week';
import { isLang } from '../i18n/i18n';
import { METHODS } from '../map/scale';
import { PRESETS, SPANS, type TimeChoice } from '../time/choice';
import {
  type AnalysisChoice,
  type Camera,
  COMPARES,
  MEASURES,
  PANELS,
  type Selection,
  type View,
} from './view';

/**
 * A view as the query string of the page's address, with the API's own words for the filter. What equals
 * `base` (the view a visitor gets without a query) is left out, so that links stay short.
 */
export function print(view: View, base: View): string {
  const params = new URLSearchParams();
  if (view.lang !== base.lang) params.set('lang', view.lang);
  if (view.panel !== base.panel) params.set('panel', view.panel);
  for (const category of view.filter.categories) params.append('category', category);
  for (const channel of view.filter.channels) params.append('channel', channel);
  for (const status of view.filter.statuses) params.append('status', status);
  for (const urgency of view.filter.urgencies) params.append('urgency', urgency);
  if (view.filter.area) params.set('area', areaText(view.filter.area));
  for (const hours of view.filter.week) params.append('week', hours);
  if ('preset' in view.time) {
    if (!('preset' in base.time) || view.time.preset !== base.time.preset) {
      params.set('time', view.time.preset);
    }
  } else {
    params.set('from', new Date(view.time.from).toISOString());
    if (view.time.to !== null) params.set('to', new Date(view.time.to).toISOString());
  }
  if (view.span && view.span !== base.span) params.set('span', view.span);
  if (view.layer !== base.layer) params.set('layer', view.layer);
  if (view.measure !== base.measure) params.set('measure', view.measure);
  if (view.compare !== base.compare) params.set('compare', view.compare);
  if (view.swipe) params.set('swipe', '1');
  if (view.breaks) params.set('breaks', view.breaks.join(','));
  else if (view.method !== base.method) params.set('breaks', view.method);
  if (view.sensors) params.set('sensors', '1');
  if (view.points) params.set('points', '1');
  if (view.selection) params.set('select', selectionText(view.selection));
  if (view.camera) params.set('at', cameraText(view.camera));
  if (view.panel === 'analyse' || view.analysis !== base.analysis) {
    const { name, args } = view.analysis;
    if (name !== base.analysis.name) params.set('analysis', name);
    for (const [key, value] of Object.entries(args)) params.set(`a.${key}`, value);
  }
  if (view.sql) params.set('sql', view.sql);
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
      urgencies: params.getAll('urgency'),
      area: parseArea(params.get('area') ?? ''),
      week: params.getAll('week').filter(hours => readWeek(hours) !== null),
    },
    time: parseTime(params) ?? base.time,
    span,
    panel: PANELS.find(name => name === params.get('panel')) ?? base.panel,
    selection: parseSelection(params.get('select') ?? ''),
    layer: /^[a-z]+$/.test(params.get('layer') ?? '') ? (params.get('layer') ?? base.layer) : base.layer,
    measure: MEASURES.find(name => name === params.get('measure')) ?? base.measure,
    compare: COMPARES.find(name => name === params.get('compare')) ?? base.compare,
    swipe: params.get('swipe') === '1',
    method: METHODS.find(name => name === params.get('breaks')) ?? base.method,
    breaks: parseBreaks(params.get('breaks') ?? ''),
    sensors: params.get('sensors') === '1',
    points: params.get('points') === '1',
    camera: parseCamera(params.get('at') ?? ''),
    analysis: parseAnalysis(params, base.analysis),
    sql: params.get('sql') ?? base.sql,
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

/** Rising class bounds; null when they are none. */
function parseBreaks(text: string): number[] | null {
  const bounds = text.split(',').map(Number);
  const rising = bounds.every((bound, i) => Number.isFinite(bound) && bound > (bounds[i - 1] ?? -Infinity));
  return text !== '' && rising && bounds.length <= 12 ? bounds : null;
}

function parseAnalysis(params: URLSearchParams, base: AnalysisChoice): AnalysisChoice {
  const name = /^[a-z_]+$/.test(params.get('analysis') ?? '') ? params.get('analysis') : null;
  const args = [...params]
    .filter(([key]) => key.startsWith('a.'))
    .map(([key, value]) => [key.slice(2), value]);
  if (!name && args.length === 0) return base;
  return { name: name ?? base.name, args: Object.fromEntries(args) };
}

function selectionText(selection: Selection): string {
  if ('cell' in selection) return `cell:${selection.cell}`;
  if ('complaint' in selection) {
    const { source, id } = selection.complaint;
    return `complaint:${encodeURIComponent(source)}:${id}`;
  }
  return 'sensor' in selection ? `sensor:${selection.sensor}` : areaText(selection.area);
}

function parseSelection(text: string): Selection | null {
  const ref = parseArea(text);
  if (!ref) return null;
  if (ref.level === 'sensor') return { sensor: ref.id };
  if (ref.level === 'complaint') {
    const named = parseArea(ref.id);
    return named && { complaint: { source: decoded(named.level), id: named.id } };
  }
  if (ref.level !== 'cell') return { area: ref };
  return /^8[0-9a-f]{14}$/.test(ref.id) ? { cell: ref.id } : null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
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
