import { ApiError, api, isAbort } from '../api/client';
import { type Filter, query, type Window } from '../api/filter';
import type { City } from '../api/wire';
import type { Store } from '../state/store';
import { domainOf, type Era, type Span } from '../time/choice';
import type { DeskData, FacetName } from './context';

/** How many groups a facet lists. */
const LIMIT: Record<FacetName, number> = {
  top_category: 60,
  category: 400,
  channel: 30,
  status: 30,
  urgency: 20,
};

export interface FactsQuestion {
  filter: Filter;
  window: Window;
  span: Span;
  era: Era;
}

/** Everything around the map that is counted: the histogram, the filters' own counts, the ranking of areas. */
export class Facts {
  readonly #city: City;
  readonly #data: Store<DeskData>;
  #abort = new AbortController();

  constructor(city: City, data: Store<DeskData>) {
    this.#city = city;
    this.#data = data;
  }

  /** Asks for all of it; each part appears when it comes. A new call ends the one before. */
  load({ filter, window, span, era }: FactsQuestion): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const domain = domainOf(span, era);
    this.#take(async () => {
      const series = await api.series(query(filter, domain, { bin: domain.bin }), signal);
      this.#data.update({ series, domain });
    });
    this.#take(async () => {
      const level = this.#city.levels[0]?.level;
      if (level) this.#data.update({ ranking: await api.areas(query(filter, window, { level }), signal) });
    });
    this.#take(async () => {
      const by = query(filter, window, { by: 'top_category', limit: 8 });
      this.#data.update({ topCategories: await api.breakdown(by, signal) });
    });
    // A filter's own list shows what could be chosen instead, so it leaves its own condition out.
    const without: Record<FacetName, Filter> = {
      top_category: { ...filter, categories: [] },
      category: { ...filter, categories: [] },
      channel: { ...filter, channels: [] },
      status: { ...filter, statuses: [] },
      urgency: { ...filter, urgencies: [] },
    };
    for (const by of Object.keys(without) as FacetName[]) {
      this.#take(async () => {
        const facet = await api.breakdown(query(without[by], window, { by, limit: LIMIT[by] }), signal);
        this.#data.update({ facets: { ...this.#data.value.facets, [by]: facet } });
      });
    }
  }

  stop(): void {
    this.#abort.abort();
  }

  #take(work: () => Promise<void>): void {
    work().catch(error => {
      if (isAbort(error)) return;
      if (!(error instanceof ApiError)) throw error;
      this.#data.update({ trouble: error });
    });
  }
}
