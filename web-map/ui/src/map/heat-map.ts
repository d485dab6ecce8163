import { type GeoJSONFeature, Map as MapLibre, type PointLike, setWorkerUrl } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';
import 'maplibre-gl/dist/maplibre-gl.css';
import type { AreaRef } from '../api/filter';
import type { City } from '../api/wire';
import type { Lang } from '../i18n/i18n';
import type { Camera, Selection } from '../state/view';
import { addBasemap } from './basemap';
import { CellPainter } from './cell-painter';
import { Outline } from './outline';
import { OverlayPainter } from './overlay';
import { type PointKind, PointLayers } from './points';
import { resolutionAt } from './resolution';
import { drawnBySoftware } from './software';
import { areaHitId, areasId, cellsId, labelId, mapStyle, nameExpression } from './style';

setWorkerUrl(workerUrl);

/** What lies under a point of the map, areas from large to small. */
export interface Spot {
  cell: string | null;
  areas: (AreaRef & { name: string })[];
  /** Set when the point is on an area's name. */
  named: AreaRef | null;
  /** What an overlay says of the point. */
  said: { text: string; key: string } | null;
  /** The complaint or sensor that stands there. */
  dot: { kind: PointKind; key: string; text: string } | null;
}

export interface MapEvents {
  /** The zoom now asks for this resolution. */
  resolution(resolution: number): void;
  /** The map was moved and came to rest. */
  camera(camera: Camera): void;
  pick(spot: Spot): void;
  /** Where the pointer is, in pixels of the map; null when it has left. */
  hover(spot: Spot | null, x: number, y: number): void;
  /** Tiles or the graphics context failed. */
  failure(kind: 'tiles' | 'graphics'): void;
}

export interface MapOptions {
  camera: Camera | null;
  /** Without: a picture on the wall, that nothing moves. */
  interactive: boolean;
  /** Room to leave at each side when the whole city is shown, in pixels. */
  padding: { top: number; right: number; bottom: number; left: number };
}

/** So many pixels a frame the processor draws in about 50 ms. */
const FEW = 2_000_000;

/** The map: the city's areas from its own tiles, with H3 cells painted over them. */
export class HeatMap {
  readonly map: MapLibre;
  readonly painter: CellPainter;
  readonly overlay: OverlayPainter;
  readonly points: PointLayers;
  readonly #city: City;
  readonly #options: MapOptions;
  readonly #outline: Outline;
  #resolution: number;
  #lang: Lang;
  /** The streets are asked for once. */
  #streets: Promise<void> | null = null;
  #failed: MapEvents['failure'] | undefined;

  constructor(
    container: HTMLElement,
    city: City,
    lang: Lang,
    options: MapOptions,
    events: Partial<MapEvents>,
  ) {
    this.#city = city;
    this.#lang = lang;
    this.#options = options;
    const { camera } = options;
    const software = drawnBySoftware();
    this.map = new MapLibre({
      container,
      style: mapStyle(city, lang, options.interactive ? 'all' : 'largest', !software),
      // The page does not wait for its pixels, where they are few enough not to pile up behind it.
      canvasContextAttributes: { desynchronized: software && options.interactive && pixels(container) < FEW },
      ...(camera
        ? { center: [camera.lon, camera.lat], zoom: camera.zoom }
        : { bounds: city.bbox, fitBoundsOptions: { padding: options.padding } }),
      interactive: options.interactive,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      maxZoom: 17.5,
      minZoom: 3,
      fadeDuration: 150,
      renderWorldCopies: false,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.painter = new CellPainter(this.map);
    this.overlay = new OverlayPainter(this.map);
    this.points = new PointLayers(this.map);
    this.#outline = new Outline(this.map);
    this.#resolution = resolutionAt(this.map.getZoom(), city.base_resolution);
    this.#listen(events);
  }

  /** The resolution that the zoom asks for. */
  get resolution(): number {
    return this.#resolution;
  }

  get camera(): Camera {
    const { lng, lat } = this.map.getCenter();
    return { lon: lng, lat, zoom: this.map.getZoom() };
  }

  /** What the map shows: west, south, east, north in WGS 84 degrees, with a margin of a tenth on each side. */
  bbox(): [number, number, number, number] {
    const bounds = this.map.getBounds();
    const [west, south, east, north] = [
      bounds.getWest(),
      bounds.getSouth(),
      bounds.getEast(),
      bounds.getNorth(),
    ];
    const [dx, dy] = [(east - west) / 10, (north - south) / 10];
    const round = (degrees: number) => Number(degrees.toFixed(5));
    return [round(west - dx), round(south - dy), round(east + dx), round(north + dy)];
  }

  /** Resolves when layers can be painted. */
  async ready(): Promise<void> {
    if (!this.map.isStyleLoaded()) await this.map.once('style.load');
    this.#streets ??= this.#addStreets();
  }

  select(selection: Selection | null): void {
    this.#outline.select(selection);
  }

  hoverCell(cell: string | null): void {
    this.#outline.hover(cell);
  }

  /** Names in another language. */
  speak(lang: Lang): void {
    this.#lang = lang;
    for (const { level } of this.#city.levels) {
      this.map.setLayoutProperty(labelId(level), 'text-field', nameExpression(lang));
    }
  }

  fitCity(): void {
    this.map.fitBounds(this.#city.bbox, { padding: this.#options.padding });
  }

  goTo({ lon, lat, zoom }: Camera): void {
    this.map.easeTo({ center: [lon, lat], zoom, duration: 700 });
  }

  zoomBy(step: number): void {
    this.map.easeTo({ zoom: this.map.getZoom() + step, duration: 250 });
  }

  /** What is under a pixel of the map. */
  spot(point: PointLike): Spot {
    const levels = this.#city.levels.map(({ level }) => level);
    const at = (layers: string[]) =>
      this.map.queryRenderedFeatures(point, { layers: layers.filter(id => this.map.getLayer(id)) });
    const [cell] = at([cellsId(this.#resolution)]);
    const hits = at(levels.map(areaHitId));
    const [label] = at(levels.map(labelId));
    const areas = levels.flatMap(level => {
      const hit = hits.find(feature => feature.source === areasId(level));
      if (!hit) return [];
      const name = property(hit, `name_${this.#lang}`) || property(hit, 'name');
      return [{ level, id: property(hit, 'id'), name }];
    });
    const painted = areas.map(({ level, id }) => this.overlay.area(level, id)).find(area => area !== null);
    return {
      dot: this.points.at(point as [number, number]),
      said:
        this.overlay.at(point as [number, number]) ??
        (painted ? { text: painted.text, key: painted.key ?? '' } : null),
      cell: cell ? property(cell, 'cell') : null,
      areas,
      named: label ? { level: label.source.replace('areas-', ''), id: property(label, 'id') } : null,
    };
  }

  /** The map drawn anew: its canvas holds the picture until the task ends. */
  snapshot(): HTMLCanvasElement {
    this.map.redraw();
    return this.map.getCanvas();
  }

  dispose(): void {
    this.painter.dispose();
    this.map.remove();
  }

  /** The map is whole without streets: it does not wait for them. */
  async #addStreets(): Promise<void> {
    const path = this.#city.basemap;
    if (!path) return;
    try {
      await addBasemap(this.map, path, this.#lang);
    } catch {
      this.#failed?.('tiles');
    }
  }

  #listen(events: Partial<MapEvents>): void {
    this.#failed = events.failure;
    const { map } = this;
    map.on('zoom', () => {
      const resolution = resolutionAt(map.getZoom(), this.#city.base_resolution);
      if (resolution === this.#resolution) return;
      this.#resolution = resolution;
      events.resolution?.(resolution);
    });
    map.once('load', () => map.on('moveend', () => events.camera?.(this.camera)));
    map.on('click', event => events.pick?.(this.spot([event.point.x, event.point.y])));
    map.on('mousemove', event => {
      // What is under the pointer changes with each frame then, and nobody reads it.
      if (map.isMoving()) return;
      events.hover?.(this.spot([event.point.x, event.point.y]), event.point.x, event.point.y);
    });
    map.on('movestart', () => events.hover?.(null, 0, 0));
    map.on('mouseout', () => events.hover?.(null, 0, 0));
    map.getCanvas().addEventListener('keydown', event => {
      if (event.key !== 'Enter') return;
      const { clientWidth, clientHeight } = map.getCanvas();
      events.pick?.(this.spot([clientWidth / 2, clientHeight / 2]));
    });
    map.on('webglcontextlost', () => events.failure?.('graphics'));
    map.on('error', event => {
      if ('sourceId' in event || 'tile' in event) events.failure?.('tiles');
    });
  }
}

function pixels({ clientWidth, clientHeight }: HTMLElement): number {
  return clientWidth * clientHeight * devicePixelRatio ** 2;
}

function property(feature: GeoJSONFeature, name: string): string {
  return String(feature.properties[name] ?? '');
}
