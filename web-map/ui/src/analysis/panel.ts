import { ApiError, answered, isAbort } from '../api/client';
import type { DeskContext, Panel } from '../desk/context';
import { copyText, h, ICONS, icon, setText } from '../dom';
import type { Key } from '../i18n/i18n';
import { zoomForCell } from '../map/levels';
import { bursts } from './bursts';
import { ANALYSES, type AnalysisName, isAnalysis, paramsOf, valuesOf } from './catalog';
import { clusters } from './clusters';
import { emerging } from './emerging';
import { forecast } from './forecast';
import { hotspots } from './hotspots';
import { leading } from './leading';
import { paramForm } from './param-form';
import { periodic } from './periodic';
import type { Place, Result, ResultInput } from './result';
import { type Found, type Question, questionOf, route, routeParams, run, sharedSql } from './run';

const TELL: Record<AnalysisName, (input: ResultInput) => Result> = {
  hotspots,
  emerging_hotspots: emerging,
  clusters,
  periodic_issues: periodic,
  bursts,
  leading_sensors: leading,
  forecast,
};

/** While a reader still changes things, nothing is asked. Milliseconds. */
const WAIT = 350;

/** One analysis at a time: what it asks, its parameters, what was found in one sentence, and the finding itself. */
export function analysisPanel(context: DeskContext): Panel {
  const { city, texts, view, data, zone, clock, names, actions } = context;
  const t = texts.t.bind(texts);
  const tabs = h('div', { class: 'analysis-tabs', role: 'tablist', 'aria-label': t('analysis.choose') });
  const asks = h('p', { class: 'asks' });
  const window = h('p', { class: 'muted' });
  const form = h('div', {});
  const sentence = h('p', { class: 'sentence', role: 'status', 'aria-live': 'polite' });
  const tools = h('div', { class: 'row wrap result-tools' });
  const body = h('div', { class: 'result' });
  const element = h(
    'div',
    { class: 'panel-body analysis', role: 'tabpanel' },
    h('h2', { class: 'offscreen' }, t('analysis.title')),
    tabs,
    asks,
    form,
    window,
    sentence,
    tools,
    body,
  );
  let abort = new AbortController();
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let counting: ReturnType<typeof setInterval> | undefined;
  /** The question that is answered, so that the same one is not asked again. */
  let asked = '';

  const chosen = (): AnalysisName => {
    const { name } = view.value.analysis;
    return isAnalysis(name) ? name : 'hotspots';
  };
  const params = () =>
    paramsOf(chosen(), city).filter(
      ({ name }) => name !== 'against' || view.value.filter.categories.length > 0,
    );
  const question = (): Question =>
    questionOf(
      chosen(),
      params(),
      view.value.analysis.args,
      view.value.filter,
      actions.window(),
      actions.era(),
    );

  const goTo = (place: Place) => {
    if ('cell' in place) {
      void import('h3-js').then(({ cellToLatLng, getResolution }) => {
        const [lat, lon] = cellToLatLng(place.cell);
        actions.goTo({ lon, lat, zoom: zoomForCell(getResolution(place.cell)) });
      });
    } else {
      const known = names.area(place.level, place.id);
      if (known) actions.zoomTo(known.lon, known.lat, known.km2);
    }
    actions.point('cell' in place ? { cell: place.cell } : { area: place });
  };

  const showHead = () => {
    const name = chosen();
    tabs.replaceChildren(
      ...ANALYSES.map(one =>
        h(
          'button',
          {
            type: 'button',
            role: 'tab',
            'data-analysis': one,
            'aria-selected': String(one === name),
            onclick: () => view.update({ analysis: { name: one, args: {} } }),
          },
          t(`analysis.${one}`),
        ),
      ),
    );
    setText(asks, t(`analysis.${name}.asks`));
    form.replaceChildren(
      paramForm(
        params(),
        valuesOf(params(), view.value.analysis.args),
        { texts, levelName: level => names.level(level, texts.lang) },
        args => view.update({ analysis: { name, args } }),
      ),
    );
    const { from, to } = question().window;
    setText(
      window,
      from === null && to === null
        ? t('analysis.allTime')
        : t('analysis.window', {
            from: from === null ? t('analysis.from') : texts.dateTime(from),
            to: to === null ? t('time.now') : texts.dateTime(to),
          }),
    );
  };

  const ask = async (again = false) => {
    const now = question();
    const key = JSON.stringify([now, texts.lang]);
    if (key === asked && !again) return;
    asked = key;
    abort.abort();
    abort = new AbortController();
    const { signal } = abort;
    const began = Date.now();
    clearInterval(counting);
    const tick = () =>
      setText(sentence, t('analysis.running', { n: Math.round((Date.now() - began) / 1000) }));
    tick();
    counting = setInterval(tick, 1000);
    element.dataset.state = 'running';
    delete element.dataset.answers;
    tools.replaceChildren();
    try {
      const [found] = await Promise.all([run(now, texts.lang, signal), names.all()]);
      if (signal.aborted) return;
      show(now, found);
    } catch (error) {
      if (isAbort(error)) return;
      if (!(error instanceof ApiError)) throw error;
      refuse(error);
    } finally {
      if (!signal.aborted) clearInterval(counting);
    }
  };

  const refuse = (error: ApiError) => {
    element.dataset.state = 'refused';
    clearInterval(counting);
    asked = '';
    actions.overlay(null);
    setText(sentence, error.unreachable ? t('state.down') : t('analysis.refused'));
    body.replaceChildren(
      h('p', { class: 'refused', role: 'alert' }, error.message),
      h(
        'button',
        { type: 'button', class: 'button small', onclick: () => void ask(true) },
        t('analysis.again'),
      ),
    );
  };

  const show = (now: Question, found: Found) => {
    clearInterval(counting);
    const result = TELL[now.name]({ question: now, found, city, zone, texts, names, now: clock.now(), goTo });
    element.dataset.state = 'found';
    element.dataset.answers = now.name;
    element.dataset.rows = String(found.rows.length);
    setText(sentence, result.sentence);
    tools.replaceChildren(...resultTools(now, found));
    body.replaceChildren(
      ...(found.truncated
        ? [h('p', { class: 'refused' }, t('analysis.truncated', { n: texts.whole(found.rows.length) }))]
        : []),
      ...result.body,
      how(found),
    );
    actions.overlay(result.overlay);
  };

  const resultTools = (now: Question, found: Found): HTMLElement[] => {
    const copied = h('span', { class: 'muted', role: 'status' });
    const button = (key: Key, path: string, act: () => void) =>
      h('button', { type: 'button', class: 'button small', onclick: act }, icon(path), t(key));
    return [
      button('analysis.openTable', ICONS.table, () => view.update({ panel: 'sql', sql: found.sql })),
      button('analysis.copySql', ICONS.link, () => {
        void copyText(found.sql).then(() => setText(copied, t('analysis.sqlCopied')));
      }),
      button('analysis.download', ICONS.download, () => void download(now, 'csv', texts.lang)),
      ...(now.shared
        ? []
        : [
            h(
              'button',
              {
                type: 'button',
                class: 'button small',
                onclick: () => void download(now, 'geojson', texts.lang),
              },
              'GeoJSON',
            ),
          ]),
      copied,
    ];
  };

  /** What the server says of how it was made: names as in the documentation, so that they can be looked up. */
  const how = ({ parameters }: Found) =>
    h(
      'details',
      { class: 'how' },
      h('summary', {}, t('analysis.how')),
      h(
        'dl',
        {},
        ...Object.entries(parameters).flatMap(([name, value]) => [
          h('dt', {}, name),
          h('dd', {}, typeof value === 'object' ? JSON.stringify(value) : String(value)),
        ]),
      ),
    );

  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => void ask(), WAIT);
  };
  showHead();
  soon();
  const stops = [
    view.watch((now, before) => {
      if (now.analysis !== before.analysis || now.filter !== before.filter || now.time !== before.time) {
        showHead();
        soon();
      }
    }),
    data.watch((now, before) => {
      if (now.picked !== before.picked && now.picked) {
        for (const old of element.querySelectorAll('.picked')) old.classList.remove('picked');
        const row = element.querySelector<HTMLElement>(`[data-key="${CSS.escape(now.picked)}"]`);
        row?.classList.add('picked');
        row?.scrollIntoView({ block: 'nearest' });
      }
    }),
  ];
  return {
    element,
    dispose: () => {
      clearTimeout(waiting);
      clearInterval(counting);
      abort.abort();
      actions.overlay(null);
      for (const stop of stops) stop();
    },
  };
}

/** The rows as a file, straight from the server. */
async function download(question: Question, format: 'csv' | 'geojson', lang: string): Promise<void> {
  const media = format === 'csv' ? 'text/csv' : 'application/geo+json';
  const params = routeParams(question, lang);
  params.set('format', format);
  const response = question.shared
    ? await answered(
        '/v1/sql',
        {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ sql: sharedSql(question) }),
        },
        media,
      )
    : await answered(`${route(question)}?${params}`, {}, media);
  saveAs(await response.blob(), `${question.name}.${format}`);
}

/** Hands a file to the reader's browser. */
export function saveAs(file: Blob, name: string): void {
  const link = h('a', { href: URL.createObjectURL(file), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
