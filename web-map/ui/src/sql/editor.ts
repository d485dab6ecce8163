import { h } from '../dom';
import type { Texts } from '../texts';
import { type Completion, complete, wordAt } from './complete';
import { schema } from './schema';

export interface Editor {
  element: HTMLElement;
  text(): string;
  set(text: string): void;
  /** Puts a word where the caret is. */
  insert(word: string): void;
}

/** A field for SQL: Tab or Enter takes the completion, the arrows move in the list, Escape closes it. */
export function editor(texts: Texts, first: string, run: () => void): Editor {
  const list = h('ul', { class: 'completions', role: 'listbox', id: 'sql-completions', hidden: true });
  const field = h('textarea', {
    class: 'sql-field',
    spellcheck: 'false',
    autocomplete: 'off',
    autocapitalize: 'off',
    rows: 9,
    role: 'combobox',
    'aria-expanded': 'false',
    'aria-controls': 'sql-completions',
    'aria-label': texts.t('sql.editor'),
    oninput: () => void look(),
    onkeydown: event => key(event as KeyboardEvent),
    onblur: () => setTimeout(close, 150),
  });
  field.value = first;
  let found: Completion[] = [];
  let active = 0;

  const close = () => {
    list.hidden = true;
    found = [];
    field.setAttribute('aria-expanded', 'false');
    field.removeAttribute('aria-activedescendant');
  };
  const look = async () => {
    const tables = await schema().catch(() => []);
    found = complete(field.value, field.selectionStart, tables);
    active = 0;
    draw();
  };
  const draw = () => {
    if (found.length === 0) return close();
    list.replaceChildren(
      ...found.map((one, i) =>
        h(
          'li',
          {
            role: 'option',
            id: `completion-${i}`,
            'aria-selected': String(i === active),
            onpointerdown: event => {
              event.preventDefault();
              take(one);
            },
          },
          h('span', {}, one.text),
          h('span', { class: 'muted' }, one.note || one.kind),
        ),
      ),
    );
    list.hidden = false;
    field.setAttribute('aria-expanded', 'true');
    field.setAttribute('aria-activedescendant', `completion-${active}`);
  };
  const take = ({ text }: Completion) => {
    const end = field.selectionStart;
    field.setRangeText(text, end - wordAt(field.value, end).length, end, 'end');
    close();
    field.focus();
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      close();
      run();
      return;
    }
    if (list.hidden) return;
    const one = found[active];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      active = (active + step + found.length) % found.length;
      draw();
    } else if ((event.key === 'Tab' || event.key === 'Enter') && one) {
      event.preventDefault();
      take(one);
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      close();
    }
  };
  return {
    element: h('div', { class: 'sql-editor' }, field, list),
    text: () => field.value,
    set: text => {
      field.value = text;
    },
    insert: word => {
      field.setRangeText(word, field.selectionStart, field.selectionEnd, 'end');
      field.focus();
    },
  };
}
