import type { Areas, AreaValue, Cells, City } from '../../src/api/wire';

/** The server behind the page, asked directly: what the page shows is compared with it. */
export class Api {
  readonly #origin: string;

  constructor(origin: string) {
    this.#origin = origin;
  }

  city(): Promise<City> {
    return this.#get('/v1/city');
  }

  cells(query: string): Promise<Cells> {
    return this.#get(`/v1/cells?${query}`);
  }

  /** Areas of the largest level, the fullest first. */
  async areas(query = ''): Promise<AreaValue[]> {
    const level = (await this.city()).levels[0]?.level ?? 'district';
    const answer = await this.#get<Areas>(`/v1/areas?level=${level}&${query}`);
    return [...answer.areas].sort((a, b) => b.records - a.records);
  }

  /** Sends one complaint; rejects when it was not accepted. */
  async post(complaint: Record<string, unknown>): Promise<void> {
    const response = await fetch(`${this.#origin}/v1/complaints`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(complaint),
    });
    const receipt = (await response.json()) as { accepted?: number };
    if (receipt.accepted !== 1) throw new Error(`not accepted: ${JSON.stringify(receipt)}`);
  }

  async #get<T>(path: string): Promise<T> {
    const response = await fetch(this.#origin + path);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
}
