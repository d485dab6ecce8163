import type {
  AlertList,
  AlignedCells,
  Analysis,
  Areas,
  Breakdown,
  Cells,
  City,
  ComplaintDetail,
  ComplaintPage,
  FeedDetail,
  FeedList,
  Freshness,
  KeyList,
  Problem,
  RejectedRow,
  RejectedRows,
  RuleList,
  Search,
  SensorObservations,
  Sensors,
  Series,
  Session,
  SqlAnswer,
  SqlRequest,
} from './wire';

/** Why an answer did not come: the server's own words where it gave some. */
export class ApiError extends Error {
  /** HTTP status; 0 when the server could not be reached. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }

  /** The server is not there, as opposed to refusing the question. */
  get unreachable(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

/** One GET of JSON. Rejects with an `ApiError`, or with the abort's own `AbortError`. */
function get<T>(path: string, params?: URLSearchParams, signal?: AbortSignal): Promise<T> {
  return ask<T>(params?.size ? `${path}?${params}` : path, { signal: signal ?? null });
}

/** One request with a body of JSON. */
export function send<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  return ask<T>(path, {
    method,
    signal: signal ?? null,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
}

async function ask<T>(url: string, init: RequestInit): Promise<T> {
  const response = await answered(url, init, 'application/json');
  if (response.status === 204) return undefined as T;
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiError(response.status, `${url.split('?')[0]}: the answer is not JSON`);
  }
}

/** An answer as it is, when it is a good one. */
export async function answered(url: string, init: RequestInit, accept: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, headers: { ...init.headers, accept } });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiError(0, '');
  }
  if (response.status === 401) globalThis.dispatchEvent?.(new Event('citybrain:key'));
  if (!response.ok) throw new ApiError(response.status, await problemText(response));
  return response;
}

/** The one sentence to show: `detail` says more than `title`. */
async function problemText(response: Response): Promise<string> {
  if (response.headers.get('content-type')?.includes('json')) {
    const problem: Problem = await response.json().catch(() => ({}));
    const text = problem.detail ?? problem.title;
    if (text) return text;
  }
  return `${response.status} ${response.statusText}`.trim();
}

/** True for what a fetch throws when the page itself gave it up. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** The routes that the page asks; parameters as made by `query`. */
export const api = {
  city: (signal?: AbortSignal) => get<City>('/v1/city', undefined, signal),
  cells: (params: URLSearchParams, signal?: AbortSignal) => get<Cells>('/v1/cells', params, signal),
  aligned: (params: URLSearchParams, signal?: AbortSignal) =>
    get<AlignedCells>('/v1/aligned', params, signal),
  areas: (params: URLSearchParams, signal?: AbortSignal) => get<Areas>('/v1/areas', params, signal),
  series: (params: URLSearchParams, signal?: AbortSignal) => get<Series>('/v1/series', params, signal),
  breakdown: (params: URLSearchParams, signal?: AbortSignal) =>
    get<Breakdown>('/v1/breakdown', params, signal),
  complaints: (params: URLSearchParams, signal?: AbortSignal) =>
    get<ComplaintPage>('/v1/complaints', params, signal),
  complaint: (source: string, id: string, signal?: AbortSignal) =>
    get<ComplaintDetail>(
      `/v1/complaints/${encodeURIComponent(source)}/${encodeURIComponent(id)}`,
      undefined,
      signal,
    ),
  complaintById: (id: string, signal?: AbortSignal) =>
    get<ComplaintDetail>(`/v1/complaints/${encodeURIComponent(id)}`, undefined, signal),
  search: (q: string, signal?: AbortSignal) => get<Search>('/v1/search', new URLSearchParams({ q }), signal),
  sensors: (signal?: AbortSignal) => get<Sensors>('/v1/sensors', undefined, signal),
  observations: (sensor: string, params: URLSearchParams, signal?: AbortSignal) =>
    get<SensorObservations>(`/v1/sensors/${encodeURIComponent(sensor)}/observations`, params, signal),
  alerts: (params: URLSearchParams, signal?: AbortSignal) => get<AlertList>('/v1/alerts', params, signal),
  keys: (signal?: AbortSignal) => get<KeyList>('/v1/keys', undefined, signal),
  session: (signal?: AbortSignal) => get<Session>('/v1/session', undefined, signal),
  feeds: (signal?: AbortSignal) => get<FeedList>('/v1/feeds', undefined, signal),
  feed: (source: string, signal?: AbortSignal) =>
    get<FeedDetail>(`/v1/feeds/${encodeURIComponent(source)}`, undefined, signal),
  rejected: (params: URLSearchParams, signal?: AbortSignal) =>
    get<RejectedRows>('/v1/rejected', params, signal),
  rejectedRow: (id: number, signal?: AbortSignal) =>
    get<RejectedRow>(`/v1/rejected/${id}`, undefined, signal),
  freshness: (signal?: AbortSignal) => get<Freshness>('/v1/freshness', undefined, signal),
  rules: (signal?: AbortSignal) => get<RuleList>('/v1/rules', undefined, signal),
  analysis: (path: string, params: URLSearchParams, signal?: AbortSignal) =>
    get<Analysis>(path, params, signal),
  sql: (request: SqlRequest, signal?: AbortSignal) => send<SqlAnswer>('POST', '/v1/sql', request, signal),
};
