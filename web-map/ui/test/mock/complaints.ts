import { latLngToCell } from 'h3-js';
import { areas, bbox, contains, type MockArea, type Position } from './geography.ts';
import { random } from './random.ts';

export interface MockComplaint {
  id: string;
  source: string;
  channel: string | null;
  category: string;
  category_path: string;
  /** Milliseconds. */
  requested: number;
  status: string;
  address: string | null;
  position: Position | null;
  cell: string | null;
  /** Area id by level; missing levels do not hold the point. */
  areas: Record<string, string>;
}

export const BASE_RESOLUTION = 10;
const DAYS = 60;
const A_DAY = 86_400_000;

const CATEGORIES = [
  '市容环卫->垃圾清运->清运不及时',
  '市容环卫->垃圾清运->垃圾桶满溢',
  '市容环卫->道路保洁',
  '市容环卫->公共厕所',
  '噪声扰民->施工噪声',
  '噪声扰民->社会生活噪声->广场舞',
  '噪声扰民->社会生活噪声->商铺音响',
  '供热服务->室温不达标',
  '供热服务->管道漏水',
  '停车管理->违章停车',
  '停车管理->车位不足',
  '供水排水->停水',
  '供水排水->污水外溢',
  '公共设施->路灯不亮',
  '公共设施->井盖缺失',
  '物业管理->电梯故障',
  '物业管理->小区绿化',
  '交通出行->信号灯故障',
  '交通出行->公交站点',
  '劳动保障->拖欠工资',
];
const CHANNELS = ['12345 热线', '微信', '手机应用', '网站', '网格巡查'];
const STATUSES = ['closed', 'in_progress', 'dispatched', 'open'];

/** The made-up city's records; new ones come in through `add`. */
export class MockCity {
  readonly areas: MockArea[] = areas();
  readonly bbox = bbox(this.areas.filter(({ level }) => level === 'district'));
  readonly complaints: MockComplaint[] = [];
  seq = 0;
  readonly #next = random(7);
  readonly #hot: { at: Position; spread: number; weight: number }[];
  readonly #listeners = new Set<(added: MockComplaint[]) => void>();

  constructor(count: number, now: number) {
    const communities = this.areas.filter(({ level }) => level === 'community');
    this.#hot = Array.from({ length: 22 }, (_, i) => ({
      at: communities[Math.floor(this.#next() * communities.length)]?.label ?? [0, 0],
      spread: 0.004 + 0.02 * this.#next(),
      weight: 1 / (i + 1),
    }));
    for (let i = 0; i < count; i++) this.complaints.push(this.#make(now - this.#age(now) * A_DAY));
    this.complaints.sort((a, b) => a.requested - b.requested);
    this.seq = 1;
  }

  /** A believable complaint of that moment, taken in at once. */
  simulate(requested: number): MockComplaint {
    const made = this.#make(requested);
    this.add([made]);
    return made;
  }

  add(complaints: MockComplaint[]): void {
    this.complaints.push(...complaints);
    this.seq++;
    for (const listener of this.#listeners) listener(complaints);
  }

  listen(listener: (added: MockComplaint[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Where a point is: its cell and its area of each level. */
  place(position: Position | null): Pick<MockComplaint, 'position' | 'cell' | 'areas'> {
    if (!position) return { position, cell: null, areas: {} };
    const found = this.areas.filter(area => contains(area.ring, position));
    return {
      position,
      cell: latLngToCell(position[1], position[0], BASE_RESOLUTION),
      areas: Object.fromEntries(found.map(({ level, id }) => [level, id])),
    };
  }

  #make(requested: number): MockComplaint {
    const next = this.#next;
    const path = CATEGORIES[Math.floor(CATEGORIES.length * next() ** 1.8)] ?? '其他';
    const old = requested < Date.now() - 5 * A_DAY;
    return {
      id: `M${String(this.complaints.length + this.seq + 1).padStart(7, '0')}`,
      source: 'mock',
      channel: next() < 0.03 ? null : (CHANNELS[Math.floor(CHANNELS.length * next() ** 2.2)] ?? null),
      category: path.split('->').at(-1) ?? path,
      category_path: path,
      requested,
      status: STATUSES[Math.floor(STATUSES.length * next() ** (old ? 6 : 1))] ?? 'open',
      address: null,
      ...this.place(next() < 0.07 ? null : this.#somewhere()),
    };
  }

  #somewhere(): Position {
    const next = this.#next;
    const [west, south, east, north] = this.bbox;
    if (next() < 0.2) return [west + (east - west) * next(), south + (north - south) * next()];
    let left = next() * this.#hot.reduce((sum, { weight }) => sum + weight, 0);
    const spot = this.#hot.find(({ weight }) => {
      left -= weight;
      return left <= 0;
    });
    const gauss = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    const { at, spread } = spot ?? { at: [west, south], spread: 0.01 };
    return [(at[0] ?? west) + gauss() * spread, (at[1] ?? south) + gauss() * spread * 0.8];
  }

  /** Days before `now`, with more records by day than by night. */
  #age(now: number): number {
    for (;;) {
      const days = this.#next() * DAYS;
      const hour = new Date(now - days * A_DAY + 8 * 3_600_000).getUTCHours();
      if (this.#next() < 0.12 + 0.88 * Math.exp(-(((hour - 11) / 5) ** 2))) return days;
    }
  }
}
