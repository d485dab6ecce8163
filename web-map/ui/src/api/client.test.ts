import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError, api, isAbort } from './client';

const answer = (response: Response | Error) =>
  vi.stubGlobal('fetch', async () => {
    if (response instanceof Error) throw response;
    return response;
  });

const failure = async (): Promise<unknown> => api.city().catch((error: unknown) => error);

afterEach(() => void vi.unstubAllGlobals());

describe('a question that fails', () => {
  it("gives the server's own sentence", async () => {
    const problem = { title: 'Bad request', status: 400, detail: 'unknown parameter "colour"' };
    answer(
      new Response(JSON.stringify(problem), {
        status: 400,
        headers: { 'content-type': 'application/problem+json' },
      }),
    );
    const error = (await failure()) as ApiError;
    expect(error).toBeInstanceOf(ApiError);
    expect([error.status, error.message, error.unreachable]).toEqual([400, problem.detail, false]);
  });

  it('falls back on the status where the body says nothing', async () => {
    answer(new Response('<html>', { status: 502, statusText: 'Bad Gateway' }));
    const error = (await failure()) as ApiError;
    expect([error.message, error.unreachable]).toEqual(['502 Bad Gateway', true]);
  });

  it('survives a problem that is not JSON', async () => {
    answer(new Response('{', { status: 500, headers: { 'content-type': 'application/problem+json' } }));
    expect(((await failure()) as ApiError).status).toBe(500);
  });

  it('tells a server that is not there', async () => {
    answer(new TypeError('Failed to fetch'));
    expect(((await failure()) as ApiError).unreachable).toBe(true);
  });

  it('refuses an answer that is not JSON', async () => {
    answer(new Response('<html>', { status: 200 }));
    expect(await failure()).toBeInstanceOf(ApiError);
  });

  it('stays silent about a question that the page itself gave up', async () => {
    answer(new DOMException('given up', 'AbortError'));
    expect(isAbort(await failure())).toBe(true);
  });
});
