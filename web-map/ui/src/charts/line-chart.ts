import type uPlot from 'uplot';
import { h } from '../dom';
import type { Texts } from '../texts';
import type { Zone } from '../time/zone';

export interface Line {
  label: string;
  values: readonly (number | null)[];
  colour: string;
  dashed?: boolean;
  /** Drawn as bars instead of a line. */
  bars?: boolean;
}

export interface LineChart {
  /** Instants in milliseconds, or plain numbers. */
  x: readonly number[];
  isTime: boolean;
  lines: readonly Line[];
  /** Two of the lines, by index, between which the ground is tinted: an interval. */
  band?: readonly [upper: number, lower: number];
  height: number;
  label: string;
}

const INK = { text: '#9aa8b8', grid: '#1d2732' };

/** Lines over time or numbers, drawn by uPlot, which is fetched when the first chart is. It follows its room's width. */
export function lineChart(chart: LineChart, zone: Zone, texts: Texts): HTMLElement {
  const room = h('div', {
    class: 'line-chart',
    role: 'img',
    'aria-label': chart.label,
    style: `height:${chart.height}px`,
  });
  void draw(room, chart, zone, texts);
  return room;
}

async function draw(room: HTMLElement, chart: LineChart, zone: Zone, texts: Texts): Promise<void> {
  const [{ default: Plot }] = await Promise.all([import('uplot'), import('uplot/dist/uPlot.min.css')]);
  const options = (width: number): uPlot.Options => ({
    width,
    height: chart.height,
    tzDate: seconds => zoned(seconds, zone),
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    scales: {
      x: { time: chart.isTime },
      y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.08 : 1] },
    },
    axes: [
      {
        stroke: INK.text,
        grid: { stroke: INK.grid, width: 1 },
        ticks: { show: false },
        font: '11px "Noto Sans SC Variable", sans-serif',
        space: 64,
        size: 24,
        ...(chart.isTime ? { values: (_: uPlot, splits: number[]) => timeLabels(splits, zone, texts) } : {}),
      },
      {
        stroke: INK.text,
        grid: { stroke: INK.grid, width: 1 },
        ticks: { show: false },
        font: '11px "Noto Sans SC Variable", sans-serif',
        size: 42,
        values: (_, splits) => splits.map(value => texts.rate(value)),
      },
    ],
    ...(chart.band
      ? { bands: [{ series: [...chart.band] as [number, number], fill: 'rgb(95 208 230 / 0.16)' }] }
      : {}),
    series: [
      {},
      ...chart.lines.map(line => ({
        label: line.label,
        stroke: line.colour,
        width: line.bars ? 0 : 1.6,
        ...(line.bars
          ? { fill: line.colour, paths: Plot.paths.bars?.({ size: [0.8, 60] }) as uPlot.Series.PathBuilder }
          : {}),
        ...(line.dashed ? { dash: [5, 4] } : {}),
        points: { show: false },
      })),
    ],
    hooks: { setCursor: [plot => tell(plot)] },
  });
  const tip = h('div', { class: 'chart-tip', hidden: true });
  const tell = (plot: uPlot) => {
    const { idx } = plot.cursor;
    const x = idx === null || idx === undefined ? undefined : chart.x[idx];
    tip.hidden = x === undefined;
    if (x === undefined || idx === null || idx === undefined) return;
    const when = chart.isTime ? texts.dateTime(x) : texts.rate(x);
    const said = chart.lines.flatMap(({ label, values }) => {
      const value = values[idx];
      return value === null || value === undefined ? [] : [`${label} ${texts.rate(value)}`];
    });
    tip.textContent = [when, ...said].join(' · ');
  };
  const data: uPlot.AlignedData = [
    chart.isTime ? chart.x.map(at => at / 1000) : [...chart.x],
    ...chart.lines.map(({ values }) => [...values]),
  ];
  let plot: uPlot | null = null;
  const fit = new ResizeObserver(() => {
    const width = room.clientWidth;
    if (!room.isConnected) {
      fit.disconnect();
      plot?.destroy();
      return;
    }
    if (width === 0) return;
    if (plot) plot.setSize({ width, height: chart.height });
    else {
      plot = new Plot(options(width), data, room);
      room.append(tip);
    }
  });
  fit.observe(room);
}

/** A date whose local fields are those of the city's clock, as uPlot reads them. */
function zoned(seconds: number, zone: Zone): Date {
  const { year, month, day, hour, minute, second } = zone.wall(seconds * 1000);
  return new Date(year, month - 1, day, hour, minute, second);
}

function timeLabels(splits: number[], zone: Zone, texts: Texts): string[] {
  const day = zone.format(texts.locale, { month: 'numeric', day: 'numeric' });
  const time = zone.format(texts.locale, { hour: '2-digit', minute: '2-digit' });
  const spacing = (splits[1] ?? 0) - (splits[0] ?? 0);
  return splits.map(at => {
    const midnight = zone.wall(at * 1000).hour === 0;
    return (spacing >= 86_400 || midnight ? day : time).format(at * 1000);
  });
}
