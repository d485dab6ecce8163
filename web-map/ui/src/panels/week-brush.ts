import { api } from '../api/client';
import { query } from '../api/filter';
import { boxOf, inWeek, weekOf, weekText } from '../api/week';
import { shade } from '../charts/ring-clock';
import { fold, type Rhythm, weekdays } from '../charts/week-grid';
import type { DeskContext, Panel } from '../desk/context';
import { h, ICONS, icon } from '../dom';
import type { Key } from '../i18n/i18n';
import { latest } from '../time/choice';
import { DAY } from '../time/zone';
import '../styles/week-brush.css';

/** What people ask for most. */
const PRESETS: readonly (readonly [label: Key, week: string])[] = [
  ['week.work', '1-5:9-17'],
  ['week.evening', '1-7:18-21'],
  ['week.night', '1-7:0-5,22-23'],
  ['week.weekend', '6-7:0-23'],
];
/** The shading looks back at most so far: hours of many years are long to count and no clearer. */
const LOOK_BACK = 56 * DAY;
const PAUSE = 400;

/**
 * When in the week: seven days of 24 hours, shaded by how much there is, on which a rectangle is drawn. By mouse: drag. By keys: arrows
 * walk, Shift with arrows draws, Enter takes, Escape clears.
 */
export function weekBrush(context: DeskContext): Panel {
  const { texts, view, zone, actions } = context;
  const t = texts.t.bind(texts);
  const names = weekdays(texts);
  const cells: HTMLElement[][] = [];
  let rhythm: Rhythm | null = null;
  let at: [day: number, hour: number] = [0, 8];
  /** Where drawing began; null while nothing is drawn. */
  let start: [day: number, hour: number] | null = null;
  let abort = new AbortController();
  let soon: ReturnType<typeof setTimeout> | undefined;

  const rows = names.map((name, day) => {
    const row = Array.from({ length: 24 }, (_, hour) =>
      h('div', {
        role: 'gridcell',
        tabindex: day === at[0] && hour === at[1] ? 0 : -1,
        'aria-selected': 'false',
        'data-day': day,
        'data-hour': hour,
      }),
    );
    cells.push(row);
    return h('div', { role: 'row' }, h('div', { role: 'rowheader' }, name), ...row);
  });
  const grid = h(
    'div',
    {
      class: 'week-brush',
      role: 'grid',
      'aria-multiselectable': 'true',
      'aria-label': t('week.label'),
      onpointerdown: event => down(event as PointerEvent),
      onpointermove: event => move(event as PointerEvent),
      onpointerup: () => end(),
      onpointercancel: () => cancel(),
      onkeydown: event => key(event as KeyboardEvent),
    },
    ...rows,
  );
  const hours = h(
    'div',
    { class: 'week-hours', 'aria-hidden': 'true' },
    ...[0, 6, 12, 18].map(hour => h('span', {}, `${hour}:00`)),
  );
  const presets = h(
    'div',
    { class: 'week-presets', role: 'group', 'aria-label': t('week.presets') },
    ...PRESETS.map(([label, week]) =>
      h(
        'button',
        { type: 'button', class: 'button small', 'data-week': week, onclick: () => take([week]) },
        t(label),
      ),
    ),
  );
  const chosen = h('div', { class: 'chosen' });
  const element = h('div', {}, grid, hours, presets, chosen);

  const take = (week: string[]) => view.update({ filter: { ...view.value.filter, week } });
  const cellOf = (target: EventTarget | null): [number, number] | null => {
    if (!(target instanceof HTMLElement) || target.dataset.day === undefined) return null;
    return [Number(target.dataset.day), Number(target.dataset.hour)];
  };
  const walk = (to: [number, number]) => {
    const [day, hour] = at;
    cells[day]?.[hour]?.setAttribute('tabindex', '-1');
    at = to;
    cells[to[0]]?.[to[1]]?.setAttribute('tabindex', '0');
  };
  const down = (event: PointerEvent) => {
    const cell = cellOf(event.target);
    if (!cell || event.button !== 0) return;
    event.preventDefault();
    start = cell;
    walk(cell);
    show();
  };
  const move = (event: PointerEvent) => {
    if (!start) return;
    const cell = cellOf(document.elementFromPoint(event.clientX, event.clientY));
    if (!cell || (cell[0] === at[0] && cell[1] === at[1])) return;
    walk(cell);
    show();
  };
  const end = () => {
    if (!start) return;
    const week = weekOf(boxOf(start, at));
    start = null;
    take([week]);
    show();
  };
  const cancel = () => {
    start = null;
    show();
  };
  const key = (event: KeyboardEvent) => {
    const step = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
    }[event.key];
    if (step) {
      event.preventDefault();
      if (event.shiftKey) start ??= [...at];
      else start = null;
      const clamp = (value: number, most: number) => Math.min(most, Math.max(0, value));
      walk([clamp(at[0] + (step[0] ?? 0), 6), clamp(at[1] + (step[1] ?? 0), 23)]);
      cells[at[0]]?.[at[1]]?.focus();
      show();
    } else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      start ??= [...at];
      end();
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      if (start) cancel();
      else take([]);
    }
  };

  const show = () => {
    const { week } = view.value.filter;
    const drawn = start ? [weekOf(boxOf(start, at))] : week;
    const most = Math.max(1, ...(rhythm?.flat() ?? []));
    for (const [day, row] of cells.entries()) {
      for (const [hour, cell] of row.entries()) {
        const value = rhythm?.[day]?.[hour] ?? 0;
        const isIn = drawn.length > 0 && inWeek(drawn, day, hour);
        cell.setAttribute('aria-selected', String(isIn));
        cell.classList.toggle('out', drawn.length > 0 && !isIn);
        cell.style.background = value > 0 ? shade((value / most) * 0.999) : '';
        const said = `${names[day]} ${hour}:00 · ${rhythm ? texts.whole(value) : ''}`;
        cell.setAttribute('aria-label', said);
        cell.title = said;
      }
    }
    for (const button of presets.querySelectorAll('button')) {
      button.setAttribute('aria-pressed', String(week.length === 1 && week[0] === button.dataset.week));
    }
    chosen.replaceChildren(
      ...week.map(hours => {
        const said = weekText(hours, texts.locale);
        return h(
          'button',
          {
            type: 'button',
            class: 'chip',
            'aria-label': t('filter.remove', { name: said }),
            onclick: () => take(week.filter(other => other !== hours)),
          },
          said,
          icon(ICONS.close),
        );
      }),
    );
  };

  /** The shape of the week under the rest of the filter. */
  const load = async () => {
    abort.abort();
    abort = new AbortController();
    const { from, to } = actions.window();
    const stop = to ?? latest(actions.era());
    const window = { from: Math.max(from ?? 0, stop - LOOK_BACK), to: stop };
    const params = query({ ...view.value.filter, week: [] }, window, { bin: 'hour' });
    const found = await api.series(params, abort.signal).catch(() => null);
    if (!found) return;
    rhythm = fold(found.series, zone);
    show();
  };
  const later = () => {
    clearTimeout(soon);
    soon = setTimeout(() => {
      // A fold that nobody sees asks for nothing.
      if (grid.offsetParent !== null) void load();
    }, PAUSE);
  };
  show();
  const seen = new IntersectionObserver(entries => {
    if (rhythm === null && entries.some(entry => entry.isIntersecting)) later();
  });
  seen.observe(grid);
  const stop = view.watch((now, before) => {
    if (now.filter.week !== before.filter.week) show();
    const { week: _now, ...rest } = now.filter;
    const { week: _before, ...restBefore } = before.filter;
    if (now.time !== before.time || JSON.stringify(rest) !== JSON.stringify(restBefore)) later();
  });
  return {
    element,
    dispose: () => {
      stop();
      seen.disconnect();
      clearTimeout(soon);
      abort.abort();
    },
  };
}
