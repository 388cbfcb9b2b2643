/** Where the labels of dots stand in a figure, so that none covers another one or a dot. Pure. */

export interface Point { x: number; y: number }
export interface Size { width: number; height: number }
export type Box = Point & Size;
/** places: of Plotly, one per dot; apart: whether no label covers anything or leaves the figure. */
export interface Placing { places: string[]; apart: boolean }

const ROOM_PX = 14;
const GAP_PX = 7;
const AIR_PX = 2;
const SHARES: Readonly<Record<string, readonly [number, number]>> = {
  "top right": [1, -1], "top left": [-1, -1], "bottom right": [1, 1], "bottom left": [-1, 1],
  "middle right": [1, 0], "middle left": [-1, 0], "top center": [0, -1], "bottom center": [0, 1],
};

function labelAt(dot: Point, { width, height }: Size, place: string): Box {
  const [along, down] = SHARES[place] ?? [0, 0];
  const x = dot.x + along * (GAP_PX + width / 2) - width / 2;
  const y = dot.y + down * (GAP_PX + height / 2) - height / 2;
  return { x: x - AIR_PX, y: y - AIR_PX, width: width + 2 * AIR_PX, height: height + 2 * AIR_PX };
}

function common(one: Box, other: Box): number {
  const along = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
  const down = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
  return along > 0 && down > 0 ? along * down : 0;
}

/** What of a label lies outside or on something. */
function hidden(label: Box, within: Box, others: readonly Box[]): number {
  return label.width * label.height - common(label, within) + others.reduce((sum, other) => sum + common(label, other), 0);
}

/** `wished`: the place of each label where it is free; else it is the first of the others that hides the least. */
export function placed(dots: readonly Point[], sizes: readonly Size[], wished: readonly string[], within: Box): Placing {
  const taken: Box[] = dots.map(({ x, y }) => ({ x: x - ROOM_PX / 2, y: y - ROOM_PX / 2, width: ROOM_PX, height: ROOM_PX }));
  let apart = true;
  const places = dots.map((dot, i) => {
    const size = sizes[i] ?? { width: 0, height: 0 };
    const others = taken.filter((_box, j) => j !== i);
    const tried = [wished[i] ?? "top right", ...Object.keys(SHARES)].map((place) => {
      const label = labelAt(dot, size, place);
      return { place, label, cost: hidden(label, within, others) };
    });
    const best = tried.reduce((least, one) => (one.cost < least.cost - 1e-6 ? one : least));
    apart &&= best.cost < 1e-6;
    taken.push(best.label);
    return best.place;
  });
  return { places, apart };
}
