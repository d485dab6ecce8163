import type { City } from '../api/wire';
import type { Key } from '../i18n/i18n';

/** The analyses that the page offers, under the names of their SQL functions. */
export const ANALYSES = [
  'hotspots',
  'emerging_hotspots',
  'clusters',
  'periodic_issues',
  'bursts',
  'leading_sensors',
  'forecast',
] as const;
export type AnalysisName = (typeof ANALYSES)[number];

export function isAnalysis(name: string): name is AnalysisName {
  return (ANALYSES as readonly string[]).includes(name);
}

/** One thing that a reader can set. */
export interface Param {
  name: string;
  label: Key;
  /** What is taken when nothing is said; the empty text leaves the choice to the server. */
  otherwise: string;
  /** The values to choose from; without any it is a number. */
  choices?: readonly (readonly [value: string, label: Key | null])[];
  min?: number;
  max?: number;
  step?: number;
}

/** How much time an analysis reads: the window of the page, or so many days back. */
export const PERIODS = ['view', '30d', '90d', '180d', '365d', 'all'] as const;

const period = (otherwise: (typeof PERIODS)[number]): Param => ({
  name: 'period',
  label: 'param.period',
  otherwise,
  choices: PERIODS.map(value => [value, `period.${value}`] as const),
});

const correction: Param = {
  name: 'correction',
  label: 'param.correction',
  otherwise: 'fdr',
  choices: [
    ['fdr', 'correction.fdr'],
    ['raw', 'correction.raw'],
  ],
};

/** Compared with all complaints of the place, or as plain numbers. Only where the filter names categories. */
const against: Param = {
  name: 'against',
  label: 'param.against',
  otherwise: 'all',
  choices: [
    ['all', 'against.all'],
    ['none', 'against.none'],
  ],
};

function by(city: City, at: number): Param {
  const level = city.levels[Math.min(at, city.levels.length - 1)]?.level ?? 'cell';
  return {
    name: 'by',
    label: 'param.by',
    otherwise: level,
    choices: city.levels.map(one => [one.level, null] as const),
  };
}

function resolution(city: City, otherwise: string): Param {
  const finest = Math.min(city.base_resolution, 9);
  const all = Array.from({ length: finest - 5 }, (_, i) => String(6 + i));
  return {
    name: 'resolution',
    label: 'param.resolution',
    otherwise: all.includes(otherwise) ? otherwise : '',
    choices: [['', 'param.auto'], ...all.map(value => [value, null] as const)],
  };
}

const step = (otherwise: string, ...all: string[]): Param => ({
  name: 'step',
  label: 'param.step',
  otherwise,
  choices: all.map(value => [value, `step.${value}` as Key] as const),
});

const number = (name: string, label: Key, otherwise: number, min: number, max: number, by = 1): Param => ({
  name,
  label,
  otherwise: String(otherwise),
  min,
  max,
  step: by,
});

/** What can be set for an analysis, in order of weight. */
export function paramsOf(name: AnalysisName, city: City): Param[] {
  switch (name) {
    case 'hotspots':
      return [
        period('view'),
        against,
        {
          name: 'measure',
          label: 'param.measure',
          otherwise: 'count',
          choices: [
            ['count', 'measure.count'],
            ['per_km2', 'measure.per_km2'],
            ['per_10k', 'measure.per_10k'],
          ],
        },
        resolution(city, ''),
        {
          name: 'k',
          label: 'param.k',
          otherwise: '',
          choices: [['', 'param.auto'], ...['1', '2', '3', '4', '5'].map(k => [k, null] as const)],
        },
        correction,
      ];
    case 'emerging_hotspots':
      return [
        period('180d'),
        against,
        step('week', 'day', 'week', 'month'),
        resolution(city, '7'),
        number('k', 'param.k', 1, 1, 5),
        {
          name: 'definition',
          label: 'param.definition',
          otherwise: 'current',
          choices: [
            ['current', 'definition.current'],
            ['classic', 'definition.classic'],
          ],
        },
        correction,
      ];
    case 'clusters':
      return [
        period('90d'),
        by(city, 1),
        {
          name: 'span',
          label: 'param.span',
          otherwise: 'prospective',
          choices: [
            ['prospective', 'span.prospective'],
            ['retrospective', 'span.retrospective'],
          ],
        },
        {
          name: 'model',
          label: 'param.model',
          otherwise: 'permutation',
          choices: [
            ['permutation', 'model.permutation'],
            ['poisson', 'model.poisson'],
          ],
        },
        number('replicates', 'param.replicates', 99, 99, 9999, 100),
      ];
    case 'periodic_issues':
      return [
        period('180d'),
        by(city, 1),
        step('hour', 'hour', 'day'),
        number('minimum_count', 'param.minimumCount', 20, 5, 1000),
        number('alpha', 'param.alpha', 0.05, 0.001, 0.2, 0.001),
      ];
    case 'bursts':
      return [
        period('90d'),
        by(city, 1),
        number('last', 'param.last', 14, 1, 90),
        {
          name: 'method',
          label: 'param.method',
          otherwise: 'ears',
          choices: [
            ['ears', 'method.ears'],
            ['farrington', 'method.farrington'],
          ],
        },
        correction,
      ];
    case 'leading_sensors':
      return [
        period('90d'),
        by(city, 0),
        number('longest_lag', 'param.longestLag', 48, 6, 168),
        number('minimum_count', 'param.minimumCount', 50, 10, 1000),
        number('alpha', 'param.alpha', 0.05, 0.001, 0.2, 0.001),
      ];
    case 'forecast':
      return [
        period('365d'),
        by(city, 0),
        number('horizon', 'param.horizon', 7, 1, 28),
        {
          name: 'level',
          label: 'param.level',
          otherwise: '0.9',
          choices: ['0.8', '0.9', '0.95'].map(value => [value, null] as const),
        },
        {
          name: 'method',
          label: 'param.method',
          otherwise: 'smoothed',
          choices: [
            ['smoothed', 'method.smoothed'],
            ['seasonal_naive', 'method.naive'],
          ],
        },
      ];
  }
}

/** The values in force: what the address says where it fits, else the defaults. */
export function valuesOf(params: readonly Param[], args: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    params.map(param => {
      const said = args[param.name];
      const fits =
        said !== undefined &&
        (param.choices
          ? param.choices.some(([value]) => value === said)
          : Number(said) >= (param.min ?? -Infinity) && Number(said) <= (param.max ?? Infinity));
      return [param.name, fits ? said : param.otherwise];
    }),
  );
}
