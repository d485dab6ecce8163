import { ApiError, api, isAbort } from '../api/client';
import type { ComplaintDetail } from '../api/wire';
import type { DeskContext, Panel } from '../desk/context';
import { h, ICONS, icon } from '../dom';
import { word } from '../i18n/words';
import { zoomForArea } from '../map/levels';
import type { ComplaintRef } from '../state/view';
import { frame } from './frame';

/** A surface that shows the streets around one address, km². */
const AROUND_KM2 = 0.4;

/** One complaint: what, when, where, how it stands, its steps; what was said only where the role may read it. */
export function complaint(context: DeskContext, { source, id }: ComplaintRef): Panel {
  const { texts, view, names, actions } = context;
  const t = texts.t.bind(texts);
  const { element, body } = frame(
    context,
    id,
    h('h2', { class: 'wrap', dir: 'auto' }, id),
    h('p', { class: 'muted' }, `${t('search.complaint')} · ${source}`),
  );
  const abort = new AbortController();
  const time = (at: string | null) => (at ? texts.dateTime(Date.parse(at)) : null);
  const known = (text: string | null | undefined) => (text ? word(text, texts.lang) : null);

  const places = (found: ComplaintDetail) =>
    (['district', 'subdistrict', 'community', 'grid'] as const).flatMap(level => {
      const area = found[level];
      return area ? [names.name(level, area, texts.lang)] : [];
    });

  const draw = (found: ComplaintDetail) => {
    const rows: [label: string, value: string | null][] = [
      [t('complaint.category'), found.category_path?.replaceAll('->', ' › ') ?? found.category],
      [t('complaint.status'), known(found.status)],
      [t('complaint.requested'), time(found.requested_at)],
      [t('complaint.due'), time(found.due_at)],
      [t('complaint.closed'), time(found.closed_at)],
      [t('complaint.channel'), known(found.channel)],
      [t('complaint.agency'), found.agency],
      [t('complaint.address'), found.address],
      [t('complaint.place'), places(found).join(' › ') || t('figures.notLocated')],
      [t('complaint.resolved'), known(found.resolved)],
      [t('complaint.satisfaction'), known(found.satisfaction)],
      [t('complaint.repeatOf'), found.repeat_of],
      [t('complaint.text'), found.text ?? null],
    ];
    const { lon, lat, cell } = found;
    body.replaceChildren(
      h(
        'dl',
        { class: 'facts-list' },
        ...rows.flatMap(([label, value]) =>
          value ? [h('dt', {}, label), h('dd', { dir: 'auto' }, value)] : [],
        ),
      ),
      h(
        'div',
        { class: 'row' },
        lon !== null &&
          lat !== null &&
          h(
            'button',
            {
              type: 'button',
              class: 'button small',
              onclick: () => actions.goTo({ lon, lat, zoom: zoomForArea(AROUND_KM2, lat) }),
            },
            icon(ICONS.target),
            t('panel.zoomTo'),
          ),
        cell !== null &&
          h(
            'button',
            { type: 'button', class: 'button small', onclick: () => view.update({ selection: { cell } }) },
            t('panel.cell'),
          ),
      ),
      h(
        'section',
        {},
        h('h3', {}, t('complaint.steps')),
        found.events.length === 0
          ? h('p', { class: 'muted' }, t('complaint.noSteps'))
          : h(
              'ol',
              { class: 'complaints steps' },
              ...found.events.map(({ event, at, actor, reason }) =>
                h(
                  'li',
                  {},
                  h('span', { class: 'what' }, word(event, texts.lang)),
                  h('time', { datetime: at }, texts.dateTime(Date.parse(at))),
                  (actor || reason) &&
                    h('span', { class: 'id' }, [actor, reason].filter(Boolean).join(' · ')),
                ),
              ),
            ),
      ),
    );
  };

  Promise.all([api.complaint(source, id, abort.signal), names.all()])
    .then(([found]) => draw(found))
    .catch(error => {
      if (isAbort(error)) return;
      const text = error instanceof ApiError ? error.message : '';
      body.replaceChildren(h('p', { class: 'refused', role: 'alert' }, text || t('state.down')));
    });
  return { element, dispose: () => abort.abort() };
}
