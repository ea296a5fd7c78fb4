/** Most evaluations of the cost in one walk. */
const MOST_EVALUATIONS = 24;

type Walk = {
  readonly start: number;
  /** The last count that may be tried; above start to walk up, below to walk down. */
  readonly end: number;
};

/**
 * The count with the least cost between `start` and `end`, for a cost that falls and then rises along the way: steps
 * double while the cost falls, then the bracket is closed in by halving. At most 24 evaluations; `start` when nothing
 * is cheaper.
 */
export const cheapest = (cost: (replicas: number) => number, { start, end }: Walk): number => {
  const direction = Math.sign(end - start);
  const reach = Math.abs(end - start);
  const at = (distance: number): number => cost(start + direction * distance);
  let best = 0;
  let least = at(0);
  let stride = 1;
  for (let left = MOST_EVALUATIONS / 2; left > 0 && best + stride <= reach; left -= 1) {
    const value = at(best + stride);
    if (!(value < least)) break;
    best += stride;
    least = value;
    stride *= 2;
  }
  stride = Math.floor(stride / 2);
  for (let left = MOST_EVALUATIONS / 2; left > 1 && stride >= 1; stride = Math.floor(stride / 2)) {
    for (const distance of [best + stride, best - stride]) {
      if (distance <= 0 || distance > reach) continue;
      left -= 1;
      const value = at(distance);
      if (!(value < least)) continue;
      best = distance;
      least = value;
      break;
    }
  }
  return start + direction * best;
};
