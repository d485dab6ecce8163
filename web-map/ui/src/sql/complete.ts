import { FUNCTIONS, KEYWORDS, type Table } from './schema';

export interface Completion {
  text: string;
  kind: 'table' | 'column' | 'function' | 'keyword';
  /** What it belongs to: a column's table and type. */
  note: string;
}

const LISTED = 9;

/** The word before the caret. */
export function wordAt(text: string, caret: number): string {
  return /[A-Za-z_][A-Za-z0-9_]*$/.exec(text.slice(0, caret))?.[0] ?? '';
}

/**
 * What could be meant by the word before the caret: columns of the tables that the text names first, then tables,
 * functions and keywords. Nothing within a text in quotes or a comment.
 */
export function complete(text: string, caret: number, tables: readonly Table[]): Completion[] {
  const before = text.slice(0, caret);
  const quotes = before.split("'").length - 1;
  const comment = /--[^\n]*$/.test(before);
  const word = wordAt(text, caret).toLowerCase();
  if (quotes % 2 === 1 || comment || word.length === 0) return [];
  const named = tables.filter(({ name }) => new RegExp(`\\b${name}\\b`, 'i').test(text));
  const columns = (named.length > 0 ? named : tables).flatMap(table =>
    table.columns.map(({ name, type }) => ({
      text: name,
      kind: 'column' as const,
      note: `${table.name} · ${type}`,
    })),
  );
  const all: Completion[] = [
    ...columns,
    ...tables.map(({ name }) => ({ text: name, kind: 'table' as const, note: '' })),
    ...FUNCTIONS.map(name => ({ text: name, kind: 'function' as const, note: '()' })),
    ...KEYWORDS.map(name => ({ text: name, kind: 'keyword' as const, note: '' })),
  ];
  const seen = new Set<string>();
  return all
    .filter(({ text: one }) => one.toLowerCase().startsWith(word) && one.toLowerCase() !== word)
    .filter(({ text: one }) => !seen.has(one) && seen.add(one))
    .slice(0, LISTED);
}
