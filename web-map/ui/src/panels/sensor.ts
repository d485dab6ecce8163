import { parseInstant } from '../analysis/run';
import { ApiError, api, isAbort } from '../api/client';
import { literal } from '../api/filter';
import { lineChart } from '../charts/line-chart';
import type { DeskContext, Panel } from '../desk/context';
import { h, ICONS, icon } from '../dom';

/** One sensor: what it last said, and the last week of each of its datastreams. */
export function sensor({ texts, view, zone, clock }: DeskContext, id: string): Panel {
  const t = texts.t.bind(texts);
  const body = h('div', { class: 'facts' }, h('p', { class: 'muted' }, t('panel.loading')));
  const element = h(
    'div',
    { class: 'panel-body', 'data-selection': id },
    h(
      'header',
      { class: 'panel-head' },
      h(
        'button',
        {
          type: 'button',
          class: 'icon-button',
          'aria-label': t('panel.back'),
          title: t('panel.back'),
          onclick: () => view.update({ selection: null }),
        },
        icon(ICONS.left),
      ),
      h('div', {}, h('h2', {}, id), h('p', { class: 'muted' }, t('panel.sensor'))),
    ),
    body,
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
    for (const { datastream, property } of found.datastreams.slice(0, 4)) {
      const { rows } = await api.sql(
        {
          sql: `SELECT date_trunc('hour', phenomenon_time) AS at, avg(result) AS value FROM observations WHERE datastream = ${literal(datastream)} AND phenomenon_time > now() - INTERVAL '7 days' GROUP BY 1 ORDER BY 1`,
        },
        abort.signal,
      );
      body.append(
        h(
          'section',
          {},
          h('h3', {}, property ?? datastream, h('span', { class: 'unit' }, t('panel.lastDays'))),
          lineChart(
            {
              x: rows.map(row => parseInstant(String(row.at))),
              isTime: true,
              height: 120,
              label: property ?? datastream,
              lines: [
                {
                  label: property ?? datastream,
                  colour: '#5fd0e6',
                  values: rows.map(row => (typeof row.value === 'number' ? row.value : null)),
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
    // A role that may not ask for SQL has the latest values alone.
    if (error instanceof ApiError && error.status === 403) return;
    if (!isAbort(error)) body.append(h('p', { class: 'refused', role: 'alert' }, (error as Error).message));
  });
  return { element, dispose: () => abort.abort() };
}
