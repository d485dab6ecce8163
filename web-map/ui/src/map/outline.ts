import type { Feature } from 'geojson';
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';
import type { Selection } from '../state/view';
import { areaEdgeId, NO_AREA, OUTLINE } from './style';

/**
 * The outlines of the one thing that is chosen and the cell that is pointed at. A cell's is drawn from its index, so that it shows at any
 * zoom; an area's from the tiles of its level, which are asked for then.
 */
export class Outline {
  readonly #map: MapLibre;
  #selected: Selection | null = null;
  #hovered: string | null = null;
  #level: string | null = null;

  constructor(map: MapLibre) {
    this.#map = map;
  }

  select(selection: Selection | null): void {
    this.#selected = selection;
    this.#area(selection && 'area' in selection ? selection.area : null);
    void this.#cells();
  }

  hover(cell: string | null): void {
    if (this.#hovered === cell) return;
    this.#hovered = cell;
    void this.#cells();
  }

  #area(area: { level: string; id: string } | null): void {
    const before = this.#level;
    this.#level = area && this.#map.getLayer(areaEdgeId(area.level)) ? area.level : null;
    if (before && before !== this.#level) {
      this.#map.setLayoutProperty(areaEdgeId(before), 'visibility', 'none');
      this.#map.setFilter(areaEdgeId(before), NO_AREA);
    }
    // A link may name a level that this city does not have.
    if (!area || !this.#level) return;
    this.#map.setFilter(areaEdgeId(this.#level), ['==', ['get', 'id'], area.id]);
    this.#map.setLayoutProperty(areaEdgeId(this.#level), 'visibility', 'visible');
  }

  async #cells(): Promise<void> {
    const wanted = () => {
      const chosen = this.#selected && 'cell' in this.#selected ? this.#selected.cell : null;
      return { chosen, cells: [...new Set([this.#hovered, chosen])].filter(cell => cell !== null) };
    };
    const source = () => this.#map.getSource<GeoJSONSource>(OUTLINE);
    const h3 = wanted().cells.length > 0 ? await import('h3-js') : null;
    // What is wanted now: the pointer went on while the library was fetched.
    const { chosen, cells } = wanted();
    if (cells.length > 0 && !h3) return;
    const features = cells
      .filter(cell => h3?.isValidCell(cell))
      .map((cell): Feature => {
        const boundary = h3?.cellToBoundary(cell, true) ?? [];
        const geometry = { type: 'Polygon' as const, coordinates: [boundary] };
        return { type: 'Feature', geometry, properties: { chosen: cell === chosen } };
      });
    source()?.setData({ type: 'FeatureCollection', features });
  }
}
