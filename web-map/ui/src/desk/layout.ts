import { h, ICONS, icon } from '../dom';
import '../styles/desk.css';
import '../styles/filters.css';
import '../styles/map.css';
import '../styles/legend.css';
import '../styles/side.css';
import '../styles/search.css';
import '../styles/time.css';
import '../styles/analysis.css';
import { banner } from '../panels/banner';
import { figures } from '../panels/figures';
import { filters } from '../panels/filters';
import { freshness } from '../panels/freshness';
import { legend } from '../panels/legend';
import { search } from '../panels/search';
import { side } from '../panels/side';
import { timeline } from '../panels/timeline';
import { tools } from '../panels/tools';
import type { DeskContext, Panel } from './context';
import { layerBar } from './layer-bar';
import { rail } from './rail';

/** All panels around the map, in the order in which a keyboard walks through them. */
export function layOut(context: DeskContext, mapHost: HTMLElement): Panel {
  const { city, texts } = context;
  const parts = {
    figures: figures(context),
    freshness: freshness(context),
    search: search(context),
    tools: tools(context),
    rail: rail(context),
    layers: layerBar(context),
    filters: filters(context),
    banner: banner(context),
    legend: legend(context),
    side: side(context),
    timeline: timeline(context),
  };
  const stage = h(
    'main',
    { class: 'stage', id: 'map', tabindex: -1 },
    mapHost,
    parts.banner.element,
    parts.layers.element,
    mapButtons(context),
    parts.legend.element,
  );
  // A picture that answers an earlier question is dimmed until its own answer is there.
  const dim = () => stage.classList.toggle('outdated', context.data.value.pending);
  dim();
  const element = h(
    'div',
    { class: 'desk' },
    h('a', { class: 'skip', href: '#map' }, texts.t('app.skip')),
    h(
      'header',
      { class: 'top' },
      h('div', { class: 'brand' }, brandMark(), h('h1', {}, city.name)),
      parts.figures.element,
      parts.search.element,
      parts.freshness.element,
      parts.tools.element,
    ),
    parts.rail.element,
    parts.filters.element,
    stage,
    parts.side.element,
    parts.timeline.element,
  );
  const place = () => {
    element.dataset.panel = context.view.value.panel;
  };
  place();
  const stops = [context.data.watch(dim), context.view.watch(place)];
  return {
    element,
    dispose: () => {
      for (const stop of stops) stop();
      for (const part of Object.values(parts)) part.dispose();
    },
  };
}

function mapButtons({ texts, actions }: DeskContext): HTMLElement {
  const button = (label: string, path: string, act: () => void) =>
    h(
      'button',
      { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick: act },
      icon(path),
    );
  return h(
    'div',
    { class: 'map-buttons' },
    button(texts.t('map.zoomIn'), ICONS.plus, () => actions.zoomBy(1)),
    button(texts.t('map.zoomOut'), ICONS.minus, () => actions.zoomBy(-1)),
    button(texts.t('map.fit'), ICONS.fit, () => actions.fitCity()),
  );
}

function brandMark(): SVGSVGElement {
  return icon('M8 1.2 13.9 4.6v6.8L8 14.8 2.1 11.4V4.6zM8 5l2.6 1.5v3L8 11 5.4 9.5v-3z');
}
