import { ApiError, api, isAbort, send } from '../api/client';
import type { FeedHealth, RejectedRow, Replayed, Session } from '../api/wire';
import type { DeskContext } from '../desk/context';
import { h } from '../dom';
import { rulesOf } from './health';

const PAGE = 30;

/** Roles that may have refused rows read again. */
const MAY_REPLAY = ['integrator', 'admin'];

/** Which refused rows are listed, and replayed. */
export interface Wanted {
  source: string;
  rule: string;
}

/** The filter as the API reads it, for the list. */
export function listQuery({ source, rule }: Wanted, before: number | null): URLSearchParams {
  const params = new URLSearchParams({ limit: String(PAGE) });
  if (source) params.set('source', source);
  if (rule) params.set('rule', rule);
  if (before !== null) params.set('before', String(before));
  return params;
}

/** The filter as the API reads it, to replay; with `ids` just these. */
export function replayBody({ source, rule }: Wanted, ids?: readonly number[]): Record<string, unknown> {
  return {
    ...(source ? { source } : {}),
    ...(rule ? { rule } : {}),
    ...(ids ? { ids } : {}),
  };
}

/**
 * What was refused and why, by feed and rule. Each row shows what was sent, as far as the role may read it, and is read again when asked:
 * by itself, or with all others of the filter.
 */
export class RefusedList {
  readonly element: HTMLElement;
  readonly #context: DeskContext;
  readonly #signal: AbortSignal;
  readonly #source: HTMLSelectElement;
  readonly #rule: HTMLSelectElement;
  readonly #all: HTMLButtonElement;
  readonly #outcome = h('p', { class: 'outcome', role: 'status', hidden: true });
  readonly #list = h('ol', { class: 'refusals' });
  readonly #none: HTMLElement;
  readonly #more: HTMLButtonElement;
  readonly #replayed: () => void;
  #next: number | null = null;
  #mayReplay = false;
  /** Numbers of the rows that are listed, to list only what differs. */
  #shown = '';

  /** `replayed` hears of rows that became records. */
  constructor(context: DeskContext, signal: AbortSignal, replayed: () => void) {
    this.#context = context;
    this.#signal = signal;
    this.#replayed = replayed;
    const { texts } = context;
    const t = texts.t.bind(texts);
    const select = (name: string, label: string) =>
      h('select', { name, 'aria-label': label, onchange: () => void this.load() });
    this.#source = select('refused-source', t('feeds.source'));
    this.#rule = select('refused-rule', t('feeds.rule'));
    this.#all = h(
      'button',
      {
        type: 'button',
        class: 'button small',
        'data-replay': 'all',
        hidden: true,
        onclick: () => void this.#replay(),
      },
      t('feeds.replayAll'),
    );
    this.#none = h('p', { class: 'muted', hidden: true }, t('feeds.noneRefused'));
    this.#more = h(
      'button',
      { type: 'button', class: 'button small', hidden: true, onclick: () => void this.#append() },
      t('panel.more'),
    );
    this.element = h(
      'section',
      { class: 'refused-list' },
      h('h3', {}, t('feeds.refusedTitle')),
      h('div', { class: 'row refused-filter' }, this.#source, this.#rule, this.#all),
      this.#outcome,
      this.#none,
      this.#list,
      this.#more,
    );
    this.#choices(this.#source, [], t('feeds.everyFeed'));
    this.#choices(this.#rule, [], t('feeds.everyRule'));
    void api
      .session(signal)
      .then(({ role }: Session) => {
        this.#mayReplay = role !== null && MAY_REPLAY.includes(role);
        this.#allow();
      })
      .catch(() => {});
  }

  /** The feeds and rules to choose from; what is chosen stays. */
  offer(feeds: readonly FeedHealth[]): void {
    const { texts } = this.#context;
    this.#choices(this.#source, feeds.map(({ source }) => source).sort(), texts.t('feeds.everyFeed'));
    this.#choices(this.#rule, rulesOf(feeds), texts.t('feeds.everyRule'));
  }

  /** The newest rows of the filter. */
  async load(): Promise<void> {
    try {
      const { rejected, next } = await api.rejected(listQuery(this.#wanted(), null), this.#signal);
      const shown = JSON.stringify([this.#wanted(), rejected.map(({ id }) => id)]);
      // The same rows again keep what is open and focused.
      if (shown !== this.#shown) {
        this.#shown = shown;
        this.#next = next;
        this.#list.replaceChildren(...rejected.map(row => this.#row(row)));
      }
      // Rules of rows that came before the server was started are known from the rows alone.
      for (const { rule } of rejected) this.#know(this.#rule, rule);
      for (const { source } of rejected) this.#know(this.#source, source);
      this.#none.hidden = this.#list.childElementCount > 0;
      this.#more.hidden = this.#next === null;
      this.#allow();
    } catch (error) {
      this.#fail(error);
    }
  }

  #wanted(): Wanted {
    return { source: this.#source.value, rule: this.#rule.value };
  }

  async #append(): Promise<void> {
    if (this.#next === null) return;
    try {
      const { rejected, next } = await api.rejected(listQuery(this.#wanted(), this.#next), this.#signal);
      this.#next = next;
      this.#list.append(...rejected.map(row => this.#row(row)));
      this.#more.hidden = next === null;
    } catch (error) {
      this.#fail(error);
    }
  }

  #row({ id, source, rule, field, value, message, received_at }: RejectedRow): HTMLElement {
    const { texts } = this.#context;
    const t = texts.t.bind(texts);
    const raw = h('div', {});
    const details = h(
      'details',
      {
        ontoggle: () => {
          if (details.open && !raw.firstChild) void this.#raw(id, raw);
        },
      },
      h('summary', {}, t('feeds.raw')),
      raw,
    );
    return h(
      'li',
      { 'data-refused': id },
      h('strong', { dir: 'auto' }, message),
      h(
        'span',
        { class: 'muted', dir: 'auto' },
        [source, rule, value === '' ? field : `${field} = ${value}`, texts.dateTime(Date.parse(received_at))]
          .filter(Boolean)
          .join(' · '),
      ),
      h(
        'div',
        { class: 'refused-acts' },
        details,
        h(
          'button',
          {
            type: 'button',
            class: 'button small',
            'data-replay': id,
            hidden: !this.#mayReplay,
            'aria-label': t('feeds.replayOne', { id }),
            onclick: () => void this.#replay([id]),
          },
          t('feeds.replay'),
        ),
      ),
    );
  }

  async #raw(id: number, into: HTMLElement): Promise<void> {
    const t = this.#context.texts.t.bind(this.#context.texts);
    try {
      const { raw } = await api.rejectedRow(id, this.#signal);
      into.replaceChildren(
        raw === undefined || raw === null
          ? h('p', { class: 'muted' }, t('feeds.rawHidden'))
          : h(
              'pre',
              { dir: 'auto', tabindex: 0 },
              typeof raw === 'string' ? raw : JSON.stringify(raw, null, 2),
            ),
      );
    } catch (error) {
      if (error instanceof ApiError) into.replaceChildren(h('p', { class: 'refused' }, error.message));
    }
  }

  async #replay(ids?: readonly number[]): Promise<void> {
    const { texts } = this.#context;
    this.#all.disabled = true;
    this.#say(texts.t('feeds.replaying'), false);
    try {
      const became = await send<Replayed>(
        'POST',
        '/v1/rejected/replay',
        replayBody(this.#wanted(), ids),
        this.#signal,
      );
      const n = (value: number) => texts.whole(value);
      this.#say(
        texts.t('feeds.replayed', {
          read: n(became.read),
          accepted: n(became.accepted),
          updated: n(became.updated),
          duplicate: n(became.duplicate),
          rejected: n(became.rejected),
        }),
        false,
      );
      this.#shown = '';
      await this.load();
      if (became.rejected < became.read) this.#replayed();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#all.disabled = false;
    }
  }

  #allow(): void {
    const some = this.#list.childElementCount > 0;
    this.#all.hidden = !this.#mayReplay || !some;
    for (const button of this.#list.querySelectorAll<HTMLElement>('[data-replay]'))
      button.hidden = !this.#mayReplay;
  }

  #fail(error: unknown): void {
    if (isAbort(error) || !(error instanceof ApiError)) return;
    this.#say(error.message || this.#context.texts.t('state.down'), true);
  }

  #say(text: string, isTrouble: boolean): void {
    this.#outcome.hidden = false;
    this.#outcome.classList.toggle('refused', isTrouble);
    this.#outcome.textContent = text;
  }

  #choices(select: HTMLSelectElement, values: readonly string[], every: string): void {
    const chosen = select.value;
    const known = [...select.options].map(({ value }) => value).filter(Boolean);
    const all = [...new Set([...values, ...known])];
    if (select.options.length === all.length + 1 && known.every((value, i) => all[i] === value)) return;
    select.replaceChildren(
      h('option', { value: '' }, every),
      ...all.map(value => h('option', { value }, value)),
    );
    select.value = chosen;
  }

  #know(select: HTMLSelectElement, value: string): void {
    if (![...select.options].some(option => option.value === value))
      select.append(h('option', { value }, value));
  }
}
