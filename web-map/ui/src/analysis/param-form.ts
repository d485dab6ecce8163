import { h } from '../dom';
import type { Texts } from '../texts';
import type { Param } from './catalog';

interface Words {
  texts: Texts;
  levelName(level: string): string;
}

/** The parameters as fields; what is changed differs from the defaults and goes into the link. */
export function paramForm(
  params: readonly Param[],
  values: Readonly<Record<string, string | undefined>>,
  { texts, levelName }: Words,
  change: (args: Record<string, string>) => void,
): HTMLElement {
  const t = texts.t.bind(texts);
  const differing = () =>
    Object.fromEntries(
      params.flatMap(({ name, otherwise }) => {
        const value = values[name] ?? otherwise;
        return value === otherwise ? [] : [[name, value]];
      }),
    );
  const set = (param: Param, value: string) => {
    const args = differing();
    delete args[param.name];
    change(value === param.otherwise ? args : { ...args, [param.name]: value });
  };
  const field = (param: Param) => {
    const value = values[param.name] ?? param.otherwise;
    if (param.choices) {
      const select = h(
        'select',
        { 'data-param': param.name, onchange: () => set(param, select.value) },
        ...param.choices.map(([one, label]) =>
          h(
            'option',
            { value: one, selected: one === value },
            label ? t(label) : param.name === 'by' ? levelName(one) : one,
          ),
        ),
      );
      return select;
    }
    const input = h('input', {
      type: 'number',
      class: 'field',
      value,
      min: param.min,
      max: param.max,
      step: param.step,
      'data-param': param.name,
      onchange: () => {
        if (input.checkValidity()) set(param, String(Number(input.value)));
        else input.reportValidity();
      },
    });
    return input;
  };
  const own = Object.keys(differing()).length;
  const [first, ...others] = params;
  const labelled = (param: Param) => h('label', {}, h('span', {}, t(param.label)), field(param));
  return h(
    'div',
    { class: 'params' },
    h('div', { class: 'param-grid' }, ...(first ? [labelled(first)] : [])),
    h(
      'details',
      { open: own > (values.period && values.period !== first?.otherwise ? 1 : 0) },
      h('summary', {}, t('analysis.params'), own > 0 && h('span', { class: 'badge' }, own)),
      h(
        'div',
        { class: 'param-grid' },
        ...others.map(labelled),
        own > 0 &&
          h('button', { type: 'button', class: 'link', onclick: () => change({}) }, t('analysis.reset')),
      ),
    ),
  );
}
