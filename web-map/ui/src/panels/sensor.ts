import { parseInstant } from '../analysis/run';
import { ApiError, api, isAbort } from '../api/client';
import { literal } from '../api/filter';
import { lineChart } from '../charts/line-chart';
import type { DeskContext, Panel } from '../desk/context';
import { h } from '../dom';
import { DAY } from '../time/zone';
import { frame } from './frame';
import { hoursOf } from './hours';

/** Datastreams that are drawn; the others have their latest value alone. */
const DRAWN = 4;
/** A role without SQL is shown as many of the latest values as one page has. */
const PAGE = 10_000;

/** One sensor: what it last said, and the last week of each of its datastreams. */
export function sensor(context: DeskContext, id: string): Panel {
  const { texts, zone, clock } = context;
  const t = texts.t.bind(texts);
  const { element, body } = frame(
    context,
    id,
    h('h2', { class: 'wrap', dir: 'auto' }, id),
    h('p', { class: 'muted' }, t('panel.sensor')),
  );
  const abort = new AbortController();

  const load = async () => {
    const { sensors } = await api.sensors(abort.signal);
    const found = sensors.find(one => one.sensor === id);
    if (!found) {
      body.replaceChildren(h('p', { class: 'muted' }, t('panel.noSensor')));
      return;
    }
    const latest = h(
      'dl',
      { class: 'big-figures' },
      ...found.datastreams.map(({ property, datastream, result, unit, phenomenon_time }) =>
        h(
          'div',
          {},
          h('dt', {}, `${property ?? datastream} · ${texts.ago(clock.now() - Date.parse(phenomenon_time))}`),
          h('dd', {}, `${texts.rate(result)} ${unit ?? ''}`),
        ),
      ),
    );
    body.replaceChildren(latest);
    for (const { source, datastream, property } of found.datastreams.slice(0, DRAWN)) {
      const hours = await hourly(id, { source, datastream }, clock.now(), abort.signal);
      body.append(
        h(
          'section',
          { 'data-stream': datastream },
          h('h3', {}, property ?? datastream, h('span', { class: 'unit' }, t('panel.lastDays'))),
          lineChart(
            {
              x: hours.map(([at]) => at),
              isTime: true,
              height: 120,
              label: property ?? datastream,
              lines: [
                {
                  label: property ?? datastream,
                  colour: '#5fd0e6',
                  values: hours.map(([, mean]) => mean),
                },
              ],
            },
            zone,
            texts,
          ),
        ),
      );
    }
  };
  load().catch(error => {
    if (!isAbort(error)) body.append(h('p', { class: 'refused', role: 'alert' }, (error as Error).message));
  });
  return { element, dispose: () => abort.abort() };
}

/** The mean of each hour of the last week, without doubtful values, in order of time. */
async function hourly(
  sensor: string,
  { source, datastream }: { source: string; datastream: string },
  now: number,
  signal: AbortSignal,
): Promise<[at: number, mean: number | null][]> {
  try {
    const { rows } = await api.sql(
      {
        sql: `SELECT date_trunc('hour', phenomenon_time) AS at, avg(result) AS value FROM observations WHERE source = ${literal(source)} AND datastream = ${literal(datastream)} AND quality <> 'doubtful' AND phenomenon_time > now() - INTERVAL '7 days' GROUP BY 1 ORDER BY 1`,
      },
      signal,
    );
    return rows.map(row => [parseInstant(String(row.at)), typeof row.value === 'number' ? row.value : null]);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    const from = new Date(now - 7 * DAY).toISOString();
    const page = await api.observations(sensor, new URLSearchParams({ from, limit: String(PAGE) }), signal);
    const mine = page.observations.filter(one => one.source === source && one.datastream === datastream);
    return hoursOf(mine);
  }
}
