/** Places labels beside points so that none covers another label or a point. A label for which there is no such place is left out. */

export interface Labelled {
  /** Distance from the left and from the top, pixels. */
  x: number;
  y: number;
  label: string;
}

/** Start of a label, relative to its point. */
export interface Place {
  dx: number;
  dy: number;
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const CHARACTER = 6.2;
const HEIGHT = 12;
const RADIUS = 5;

/** @param points points; those whose labels matter most come first */
export function placeLabels(points: Labelled[], width: number, height: number): (Place | undefined)[] {
  const taken = points.map(({ x, y }): Box => ({ left: x - RADIUS, right: x + RADIUS, top: y - RADIUS, bottom: y + RADIUS }));
  const plot = { left: 0, right: width, top: 0, bottom: height };
  return points.map((point) => {
    const place = places(point.label).find((each) => {
      const box = boxOf(point, each);
      return isWithin(box, plot) && !taken.some((other) => overlap(box, other));
    });
    if (place !== undefined) taken.push(boxOf(point, place));
    return place;
  });
}

/** Places to try: right, left, then further and further up and down. */
function places(label: string): Place[] {
  const [right, left] = [RADIUS + 3, -RADIUS - 3 - label.length * CHARACTER];
  const heights = [0, -9, 9, -16, 16, -26, 26, -38, 38];
  return heights.flatMap((dy) => [
    { dx: right, dy },
    { dx: left, dy },
  ]);
}

function boxOf({ x, y, label }: Labelled, { dx, dy }: Place): Box {
  const [left, middle] = [x + dx, y + dy];
  return { left, right: left + label.length * CHARACTER, top: middle - HEIGHT / 2, bottom: middle + HEIGHT / 2 };
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

function isWithin(a: Box, b: Box): boolean {
  return a.left >= b.left && a.right <= b.right && a.top >= b.top && a.bottom <= b.bottom;
}
