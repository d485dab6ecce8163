import { api } from '../api/client';
import type { Search } from '../api/wire';
import type { NamedArea } from '../desk/area-names';
import type { DeskContext, Panel } from '../desk/context';
import { h, ICONS, icon } from '../dom';
import { areaName } from '../i18n/i18n';
import { word } from '../i18n/words';
import { zoomForArea } from '../map/levels';
import type { Selection } from '../state/view';
import { parseCell, parseSpot } from './spot';

/** Something that the words may mean, and what to do when it is taken. */
interface Hit {
  name: string;
  /** What kind of thing it is, in a word or two. */
  kind: string;
  icon: string;
  take(): void;
}

/** A pause in typing before the server is asked, milliseconds. */
const PAUSE = 180;
/** Areas that are listed before anything else. */
const AREAS_LISTED = 6;
/** A surface that shows the streets around one address, km². */
const AROUND_KM2 = 0.4;

/**
 * One box for everything that has a name: areas, addresses, complaint ids, sensors, cells, positions. `/` goes to it from anywhere;
 * arrows walk, Enter takes, Escape leaves. Areas are found on the page; the rest is asked of the server, as far as the role may.
 */
export function search(context: DeskContext): Panel {
  const { city, texts, view, names, actions } = context;
  const t = texts.t.bind(texts);
  let found: Hit[] = [];
  let active = -1;
  let asking = new AbortController();
  let soon: ReturnType<typeof setTimeout> | undefined;
  const list = h('ul', {
    class: 'found',
    role: 'listbox',
    id: 'search-found',
    'aria-label': t('search.label'),
    hidden: true,
  });
  const field = h('input', {
    type: 'search',
    class: 'field',
    role: 'combobox',
    'aria-expanded': 'false',
    'aria-controls': 'search-found',
    'aria-autocomplete': 'list',
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: t('search.placeholder'),
    'aria-label': t('search.label'),
    oninput: () => look(),
    onfocus: () => found.length > 0 && open(),
    onkeydown: event => key(event as KeyboardEvent),
    onblur: () => setTimeout(close, 150),
  });
  const element = h('div', { class: 'search', role: 'search' }, icon(ICONS.search), field, list);

  /** The addresses could not be searched to the end. */
  let incomplete = false;
  const close = () => {
    list.hidden = true;
    active = -1;
    field.setAttribute('aria-expanded', 'false');
    field.removeAttribute('aria-activedescendant');
  };
  const open = () => {
    list.hidden = false;
    field.setAttribute('aria-expanded', 'true');
  };
  const take = (hit: Hit) => {
    field.value = '';
    found = [];
    close();
    hit.take();
  };
  const draw = (waiting: boolean) => {
    list.replaceChildren(
      ...found.map((hit, i) =>
        h(
          'li',
          {
            role: 'option',
            id: `search-found-${i}`,
            'aria-selected': String(i === active),
            onmousedown: () => take(hit),
          },
          icon(hit.icon),
          h('span', { class: 'name', title: hit.name, dir: 'auto' }, hit.name),
          h('span', { class: 'muted' }, hit.kind),
        ),
      ),
    );
    if (incomplete && !waiting) {
      list.append(
        h('li', { class: 'muted', role: 'option', 'aria-disabled': 'true' }, t('search.incomplete')),
      );
    } else if (found.length === 0) {
      list.append(
        h(
          'li',
          { class: 'muted', role: 'option', 'aria-disabled': 'true' },
          t(waiting ? 'panel.loading' : 'search.none'),
        ),
      );
    }
    open();
    if (active >= 0) field.setAttribute('aria-activedescendant', `search-found-${active}`);
  };
  /** What was walked to stays the one, whatever comes in below it. */
  const show = (hits: Hit[], waiting: boolean) => {
    found = hits;
    active = hits.length > 0 ? Math.max(0, Math.min(active, hits.length - 1)) : -1;
    draw(waiting);
  };

  const choose = (selection: Selection) => view.update({ panel: 'explore', selection });
  const goTo = (lon: number | null, lat: number | null) => {
    if (lon !== null && lat !== null) actions.goTo({ lon, lat, zoom: zoomForArea(AROUND_KM2, lat) });
  };
  const cellAt = async (lon: number, lat: number) => {
    const { latLngToCell } = await import('h3-js');
    choose({ cell: latLngToCell(lat, lon, city.base_resolution) });
  };

  const typed = (text: string): Hit[] => {
    const spot = parseSpot(text);
    const cell = parseCell(text);
    return [
      ...(spot
        ? [
            {
              name: `${spot.lat}, ${spot.lon}`,
              kind: t('search.position'),
              icon: ICONS.target,
              take: () => goTo(spot.lon, spot.lat),
            },
          ]
        : []),
      ...(cell
        ? [
            {
              name: cell,
              kind: t('search.cell'),
              icon: ICONS.cell,
              take: () => {
                choose({ cell });
                void import('h3-js').then(({ cellToLatLng }) => {
                  const [lat, lon] = cellToLatLng(cell);
                  goTo(lon, lat);
                });
              },
            },
          ]
        : []),
    ];
  };
  const areaHit = ({ level, id, area, lon, lat, km2 }: NamedArea): Hit => ({
    name: areaName(area, texts.lang),
    kind: names.level(level, texts.lang),
    icon: ICONS.explore,
    take: () => {
      choose({ area: { level, id } });
      actions.zoomTo(lon, lat, km2);
    },
  });
  const serverHits = ({ addresses, complaints, sensors }: Search): Hit[] => [
    ...complaints.map(({ id, source, category, lon, lat }) => ({
      name: id,
      kind: [t('search.complaint'), category ? word(category, texts.lang) : ''].filter(Boolean).join(' · '),
      icon: ICONS.table,
      take: () => {
        choose({ complaint: { source, id } });
        goTo(lon, lat);
      },
    })),
    ...addresses.map(({ address, complaints: count, lon, lat }) => ({
      name: address,
      kind: t('search.times', { n: texts.whole(count) }),
      icon: ICONS.target,
      take: () => {
        goTo(lon, lat);
        if (lon !== null && lat !== null) void cellAt(lon, lat);
      },
    })),
    ...sensors.map(({ sensor, property, lon, lat }) => ({
      name: sensor,
      kind: [t('search.sensor'), property].filter(Boolean).join(' · '),
      icon: ICONS.feeds,
      take: () => {
        choose({ sensor });
        goTo(lon, lat);
      },
    })),
  ];

  const look = () => {
    clearTimeout(soon);
    asking.abort();
    const text = field.value.trim();
    active = -1;
    incomplete = false;
    if (!text) {
      found = [];
      close();
      return;
    }
    asking = new AbortController();
    const { signal } = asking;
    const own = typed(text);
    const wanted = text.toLowerCase();
    const areas = names.all().then(all =>
      all
        .filter(({ area, id }) => {
          const said = [area.name ?? '', ...Object.values(area.names)];
          return said.some(name => name.toLowerCase().includes(wanted)) || id.toLowerCase() === wanted;
        })
        .slice(0, AREAS_LISTED)
        .map(areaHit),
    );
    void areas.then(hits => !signal.aborted && show([...own, ...hits], true));
    soon = setTimeout(async () => {
      // A role that may not ask for the rest still finds its areas.
      const answer = await api.search(text, signal).catch(() => null);
      const rest = answer ? serverHits(answer) : [];
      const hits = await areas;
      if (signal.aborted) return;
      incomplete = answer?.addresses_complete === false;
      show([...own, ...hits, ...rest], false);
    }, PAUSE);
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      field.value = '';
      found = [];
      asking.abort();
      return close();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length > 0) {
      event.preventDefault();
      active = (active + step + found.length) % found.length;
      draw(false);
    }
    const hit = found[active];
    if (event.key === 'Enter' && hit && !list.hidden) take(hit);
  };
  const slash = (event: KeyboardEvent) => {
    const { target } = event;
    const typing =
      target instanceof HTMLElement &&
      (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
    if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field.focus();
  };
  addEventListener('keydown', slash);
  return {
    element,
    dispose: () => {
      removeEventListener('keydown', slash);
      clearTimeout(soon);
      asking.abort();
    },
  };
}
