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
  let evaluations = 0;
  const at = (distance: number): number => {
    evaluations += 1;
    return cost(start + direction * distance);
  };
  let best = 0;
  let least = at(0);
  let stride = 1;
  while (best + stride <= reach && evaluations < MOST_EVALUATIONS) {
    const value = at(best + stride);
    if (!(value < least)) break;
    best += stride;
    least = value;
    stride *= 2;
  }
  while (stride >= 1 && evaluations < MOST_EVALUATIONS) {
    for (const side of [stride, -stride]) {
      const distance = best + side;
      if (distance <= 0 || distance > reach) continue;
      const value = at(distance);
      if (value < least) {
        best = distance;
        least = value;
        break;
      }
    }
    stride = Math.floor(stride / 2);
  }
  return start + direction * best;
};
