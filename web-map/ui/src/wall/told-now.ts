import { alertPlace, byWeight, ruleName } from '../alerts/words';
import { api } from '../api/client';
import type { Alert, RuleEntry } from '../api/wire';
import type { AreaNames } from '../desk/area-names';
import { LIVE_ALERTS } from '../live/stream';
import type { Texts } from '../texts';

/** An alert as the wall says it. */
export interface Told {
  alert: Alert;
  text: string;
}

const OPEN_MAX = '60';

/** The open alerts of the standing rules: asked for now and then, and kept by the live stream between. */
export class ToldNow {
  readonly #names: AreaNames;
  readonly #texts: Texts;
  readonly #changed: (fresh: Told | null) => void;
  readonly #open = new Map<number, Alert>();
  /** What the stream told since the list was asked for. */
  #since: Alert[] = [];
  #rules: readonly RuleEntry[] = [];
  /** The newest alert that was seen; null before the first list. */
  #newest: number | null = null;

  /** `changed` is told whenever the list changes, with the gravest alert that was raised since the last time. */
  constructor(names: AreaNames, texts: Texts, changed: (fresh: Told | null) => void) {
    this.#names = names;
    this.#texts = texts;
    this.#changed = changed;
    addEventListener(LIVE_ALERTS, event => {
      const alerts = (event as CustomEvent<readonly Alert[]>).detail;
      this.#since.push(...alerts);
      // Before the first list neither rules nor places have names.
      if (this.#newest !== null) this.#take(alerts);
    });
  }

  async load(): Promise<void> {
    this.#since = [];
    const [{ alerts }, { rules }] = await Promise.all([
      api.alerts(new URLSearchParams({ state: 'open', limit: OPEN_MAX })),
      api.rules(),
      this.#names.all(),
    ]);
    this.#rules = rules;
    this.#open.clear();
    this.#take([...alerts, ...this.#since]);
    this.#since = [];
  }

  /** The open alerts, the gravest first. */
  list(now: number): Told[] {
    return [...this.#open.values()].sort(byWeight).map(alert => ({ alert, text: this.#say(alert, now) }));
  }

  #say(alert: Alert, now: number): string {
    const { lang } = this.#texts;
    const age = this.#texts.ago(Math.max(0, now - Date.parse(alert.since)));
    return [ruleName(alert.rule, this.#rules, lang), alertPlace(alert, this.#names, lang), age]
      .filter(Boolean)
      .join(' · ');
  }

  #take(alerts: readonly Alert[]): void {
    for (const alert of alerts) {
      if (alert.state === 'resolved') this.#open.delete(alert.id);
      else this.#open.set(alert.id, alert);
    }
    const before = this.#newest;
    this.#newest = Math.max(before ?? 0, ...this.#open.keys());
    // What was open before the wall was opened has the stage once, by its gravest.
    const [fresh] = [...this.#open.values()]
      .filter(({ id, state }) => state === 'raised' && id > (before ?? 0))
      .sort(byWeight);
    this.#changed(fresh ? { alert: fresh, text: this.#say(fresh, Date.parse(fresh.raised_at)) } : null);
  }
}
