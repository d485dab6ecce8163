import type { Alert, RuleEntry } from '../api/wire';
import type { AreaNames } from '../desk/area-names';
import { type Lang, pick } from '../i18n/i18n';
import { word } from '../i18n/words';

/** The name of an alert's rule in the reader's language; its id where the rule is gone. */
export function ruleName(id: string, rules: readonly RuleEntry[], lang: Lang): string {
  const rule = rules.find(entry => entry.rule.id === id)?.rule;
  return pick((rule?.name ?? {}) as Record<string, string>, lang, id);
}

/** What and where an alert is about: the place, the category, the sensor or the order, as far as it names them. */
export function alertPlace({ about }: Pick<Alert, 'about'>, names: AreaNames, lang: Lang): string {
  return [
    about.area && about.level ? names.name(about.level, about.area, lang) : null,
    about.cell,
    about.category ? word(about.category, lang) : null,
    about.sensor ?? about.datastream,
    about.complaint ?? about.source,
  ]
    .filter(Boolean)
    .join(' · ');
}

const WEIGHT: Record<string, number> = { critical: 0, warning: 1, info: 2 };

/** The place of a severity among all: 0 for critical, the last for what is no severity of a rule. */
export function weightOf(severity: string): number {
  return WEIGHT[severity] ?? 3;
}

/** The graver first, then the newer. */
export function byWeight(one: Alert, other: Alert): number {
  return weightOf(one.severity) - weightOf(other.severity) || other.id - one.id;
}
