import { api } from '../api/client';
import { EVERYTHING, query } from '../api/filter';
import type { AreaValue, City } from '../api/wire';
import { areaName, type Lang, pick } from '../i18n/i18n';

/** An area of the latest boundaries, by name. Position in WGS 84 degrees, surface in km². */
export interface NamedArea {
  level: string;
  id: string;
  area: AreaValue;
  lon: number;
  lat: number;
  km2: number;
}

/** The names of all areas of the city, asked for once and kept. */
export class AreaNames {
  readonly #city: City;
  #all: Promise<NamedArea[]> | null = null;
  #known = new Map<string, NamedArea>();

  constructor(city: City) {
    this.#city = city;
  }

  /** All areas from large to small; a level that cannot be had is left out and asked for again next time. */
  async all(): Promise<NamedArea[]> {
    this.#all ??= this.#ask();
    const all = await this.#all;
    if (all.length === 0) this.#all = null;
    return all;
  }

  /** What is known of an area by now. */
  area(level: string, id: string): NamedArea | null {
    return this.#known.get(`${level}:${id}`) ?? null;
  }

  /** Its name, or its id as long as no name is known. */
  name(level: string, id: string, lang: Lang): string {
    const known = this.area(level, id);
    return known ? areaName(known.area, lang) : id;
  }

  /** The city's own word for a level. */
  level(level: string, lang: Lang): string {
    const found = this.#city.levels.find(one => one.level === level);
    return found ? pick(found.names, lang, level) : level;
  }

  async #ask(): Promise<NamedArea[]> {
    // A window without records makes the answer cheap: only the names are wanted.
    const never = { from: 0, to: 1 };
    const levels = await Promise.all(
      this.#city.levels.map(({ level }) =>
        api
          .areas(query(EVERYTHING, never, { level }))
          .then(({ areas }) => areas.map(area => ({ level, area })))
          .catch(() => []),
      ),
    );
    const found = levels.flat().flatMap(({ level, area }) => {
      const { id, lon, lat, area_km2: km2 } = area;
      // Areas of earlier boundaries have no place on today's map.
      return lon === null || lat === null || km2 === null ? [] : [{ level, id, area, lon, lat, km2 }];
    });
    this.#known = new Map(found.map(area => [`${area.level}:${area.id}`, area]));
    return found;
  }
}
