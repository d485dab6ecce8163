import { api } from '../api/client';
import { areaText, EVERYTHING, query } from '../api/filter';
import type { DeskContext, Panel } from '../desk/context';
import { h, ICONS, icon } from '../dom';
import { areaName, type Lang, pick } from '../i18n/i18n';

interface Named {
  level: string;
  id: string;
  name: string;
  lon: number;
  lat: number;
  km2: number;
}

const LISTED = 12;

/** A box to find an area of any level by name and count only what lies in it. Names are asked for once. */
export function areaSearch({ city, texts, view, actions }: DeskContext): Panel {
  const t = texts.t.bind(texts);
  let names: Promise<Named[]> | null = null;
  let found: Named[] = [];
  let active = -1;
  const list = h('ul', { class: 'found', role: 'listbox', id: 'areas-found', hidden: true });
  const field = h('input', {
    type: 'search',
    class: 'field',
    role: 'combobox',
    'aria-expanded': 'false',
    'aria-controls': 'areas-found',
    'aria-autocomplete': 'list',
    autocomplete: 'off',
    placeholder: t('filter.areaSearch'),
    'aria-label': t('filter.areaSearch'),
    oninput: () => void look(),
    onkeydown: event => key(event as KeyboardEvent),
    onblur: () => setTimeout(close, 150),
  });
  const chosen = h('div', { class: 'chosen' });
  const element = h('div', { class: 'area-search' }, field, list, chosen);

  const levelName = (level: string) => {
    const found = city.levels.find(one => one.level === level);
    return found ? pick(found.names, texts.lang, level) : level;
  };
  const known = async () => {
    names ??= allNames(
      city.levels.map(({ level }) => level),
      texts.lang,
    );
    const all = await names;
    if (all.length === 0) names = null;
    return all;
  };
  const close = () => {
    list.hidden = true;
    active = -1;
    field.setAttribute('aria-expanded', 'false');
    field.removeAttribute('aria-activedescendant');
  };
  const take = (area: Named) => {
    field.value = '';
    close();
    view.update({ filter: { ...view.value.filter, area: { level: area.level, id: area.id } } });
    actions.zoomTo(area.lon, area.lat, area.km2);
  };
  const draw = () => {
    list.replaceChildren(
      ...found.map((area, i) =>
        h(
          'li',
          {
            role: 'option',
            id: `area-found-${i}`,
            'aria-selected': String(i === active),
            onmousedown: () => take(area),
          },
          h('span', {}, area.name),
          h('span', { class: 'muted' }, levelName(area.level)),
        ),
      ),
    );
    if (found.length === 0) list.append(h('li', { class: 'muted' }, t('filter.noMatch')));
    list.hidden = false;
    field.setAttribute('aria-expanded', 'true');
    if (active >= 0) field.setAttribute('aria-activedescendant', `area-found-${active}`);
  };
  const look = async () => {
    const wanted = field.value.trim().toLowerCase();
    if (!wanted) return close();
    const all = await known();
    if (field.value.trim().toLowerCase() !== wanted) return;
    found = all
      .filter(({ name, id }) => name.toLowerCase().includes(wanted) || id.toLowerCase() === wanted)
      .slice(0, LISTED);
    active = found.length > 0 ? 0 : -1;
    draw();
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === 'Escape') return close();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length > 0) {
      event.preventDefault();
      active = (active + step + found.length) % found.length;
      draw();
    }
    const area = found[active];
    if (event.key === 'Enter' && area && !list.hidden) take(area);
  };

  const show = async () => {
    const { area } = view.value.filter;
    chosen.replaceChildren();
    if (!area) return;
    const label = h('span', {}, area.id);
    chosen.append(
      h(
        'button',
        {
          type: 'button',
          class: 'chip',
          'aria-label': t('filter.remove', { name: areaText(area) }),
          onclick: () => view.update({ filter: { ...view.value.filter, area: null } }),
        },
        label,
        h('span', { class: 'muted' }, levelName(area.level)),
        icon(ICONS.close),
      ),
    );
    const named = (await known()).find(one => one.level === area.level && one.id === area.id);
    if (named) label.textContent = named.name;
  };
  void show();
  const stop = view.watch((now, before) => {
    if (now.filter.area !== before.filter.area) void show();
  });
  return { element, dispose: stop };
}

/** All areas by name, from large to small; a level that cannot be had is left out. */
async function allNames(levels: string[], lang: Lang): Promise<Named[]> {
  // A window without records makes the answer cheap: only the names are wanted.
  const never = { from: 0, to: 1 };
  const answers = await Promise.all(
    levels.map(level =>
      api
        .areas(query(EVERYTHING, never, { level }))
        .then(({ areas }) => areas)
        .catch(() => []),
    ),
  );
  return answers.flatMap((areas, i) =>
    areas.flatMap(area => {
      const { id, lon, lat, area_km2: km2 } = area;
      // Areas of earlier boundaries have no place on today's map.
      if (lon === null || lat === null || km2 === null) return [];
      return [{ level: levels[i] ?? '', id, name: areaName(area, lang), lon, lat, km2 }];
    }),
  );
}
