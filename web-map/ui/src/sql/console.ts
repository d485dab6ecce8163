import { saveAs } from '../analysis/panel';
import { ApiError, answered, api, isAbort } from '../api/client';
import type { SqlAnswer } from '../api/wire';
import type { DeskContext, Panel } from '../desk/context';
import { h, ICONS, icon, setText } from '../dom';
import '../styles/sql.css';
import { editor } from './editor';
import { examples } from './examples';
import { resultChart, resultMap, resultTable } from './result';
import { schema } from './schema';

const TABS = ['table', 'chart', 'map'] as const;
type Tab = (typeof TABS)[number];

/** Questions in SQL: the text with completion, the tables, examples, and the answer as a table, a chart and a map. */
export function sqlConsole(context: DeskContext): Panel {
  const { city, texts, view, zone, actions } = context;
  const t = texts.t.bind(texts);
  const status = h('span', { class: 'muted', role: 'status' });
  const room = h('div', { class: 'sql-result' });
  const write = editor(texts, view.value.sql || examples(city)[0]?.sql || '', () => void run());
  const runButton = h(
    'button',
    { type: 'button', class: 'button primary', title: t('sql.runHint'), onclick: () => void run() },
    icon(ICONS.play),
    t('sql.run'),
  );
  const stop = h(
    'button',
    { type: 'button', class: 'button', hidden: true, onclick: () => abort.abort() },
    t('sql.cancel'),
  );
  const save = h(
    'button',
    { type: 'button', class: 'button', hidden: true, onclick: () => void download() },
    icon(ICONS.download),
    'CSV',
  );
  const example = h(
    'select',
    {
      'aria-label': t('sql.examples'),
      'data-examples': '',
      onchange: () => {
        const chosen = examples(city)[Number(example.value)];
        if (!chosen) return;
        write.set(chosen.sql);
        example.value = '';
        void run();
      },
    },
    h('option', { value: '' }, t('sql.examples')),
    ...examples(city).map(({ label }, i) => h('option', { value: i }, t(label))),
  );
  const tables = h('div', { class: 'schema' });
  const tabs = TABS.map(tab =>
    h('button', { type: 'button', 'data-tab': tab, onclick: () => choose(tab) }, t(`sql.${tab}`)),
  );
  const element = h(
    'div',
    { class: 'sql' },
    h('h2', { class: 'offscreen' }, t('sql.title')),
    h(
      'div',
      { class: 'sql-top' },
      write.element,
      h('details', { class: 'schema-box' }, h('summary', {}, t('sql.schema')), tables),
    ),
    h(
      'div',
      { class: 'row wrap sql-tools' },
      runButton,
      stop,
      example,
      h('div', { class: 'segments', role: 'group' }, ...tabs),
      save,
      status,
    ),
    room,
  );
  let abort = new AbortController();
  let answer: SqlAnswer | null = null;
  let tab: Tab = 'table';
  let asked = '';

  void schema().then(
    found =>
      tables.replaceChildren(
        ...found.map(({ name, columns }) =>
          h(
            'details',
            {},
            h('summary', {}, name),
            h(
              'ul',
              {},
              ...columns.map(column =>
                h(
                  'li',
                  {},
                  h(
                    'button',
                    { type: 'button', class: 'link', onclick: () => write.insert(column.name) },
                    column.name,
                  ),
                  h('span', { class: 'muted' }, shortType(column.type)),
                ),
              ),
            ),
          ),
        ),
      ),
    () => tables.replaceChildren(),
  );

  const draw = () => {
    for (const button of tabs) button.setAttribute('aria-pressed', String(button.dataset.tab === tab));
    if (!answer) return;
    if (tab === 'table') room.replaceChildren(resultTable(answer, texts));
    if (tab === 'chart') {
      room.replaceChildren(
        resultChart(answer, zone, texts) ?? h('p', { class: 'muted pad' }, t('sql.noChart')),
      );
    }
    const mapped = resultMap(answer, city, t('sql.title'), texts);
    actions.overlay(mapped?.overlay ?? null);
    if (tab === 'map') {
      const text = mapped
        ? t('sql.onMap', { n: texts.whole(mapped.places), column: mapped.column })
        : t('sql.noMap');
      room.replaceChildren(h('p', { class: 'muted pad' }, text));
    }
  };
  const choose = (next: Tab) => {
    tab = next;
    draw();
  };

  const run = async () => {
    const sql = write.text().trim();
    if (!sql) return;
    asked = sql;
    view.update({ sql });
    abort.abort();
    abort = new AbortController();
    const { signal } = abort;
    const began = performance.now();
    const tick = setInterval(
      () => setText(status, t('sql.running', { n: Math.round((performance.now() - began) / 1000) })),
      500,
    );
    stop.hidden = false;
    element.dataset.state = 'running';
    try {
      const found = await api.sql({ sql }, signal);
      answer = found;
      element.dataset.state = 'answered';
      const n = texts.whole(found.rows.length);
      const ms = texts.whole(performance.now() - began);
      setText(status, found.truncated ? t('sql.truncated', { n }) : t('sql.rows', { n, ms }));
      save.hidden = found.rows.length === 0;
      draw();
    } catch (error) {
      setText(status, '');
      element.dataset.state = 'refused';
      if (isAbort(error)) return;
      if (!(error instanceof ApiError)) throw error;
      answer = null;
      save.hidden = true;
      actions.overlay(null);
      room.replaceChildren(
        h(
          'div',
          { class: 'pad', role: 'alert' },
          h('p', { class: 'refused' }, t('sql.refused')),
          h('pre', { class: 'error' }, error.message || t('state.down')),
        ),
      );
    } finally {
      clearInterval(tick);
      stop.hidden = true;
    }
  };

  const download = async () => {
    const response = await answered(
      '/v1/sql',
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ sql: asked }),
      },
      'text/csv',
    );
    saveAs(await response.blob(), 'citybrain.csv');
  };

  draw();
  if (view.value.sql) void run();
  return {
    element,
    dispose: () => {
      abort.abort();
      actions.overlay(null);
    },
  };
}

/** An Arrow type in a word. */
function shortType(type: string): string {
  return type.replace(/\(.*/s, '').toLowerCase();
}
