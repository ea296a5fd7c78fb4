const INVERSE_SQRT_2PI = 0.3989422804014327;
const FAR = 6;

/** Density of the standard normal distribution; 0 beyond 6 deviations. */
export const normalDensity = (z: number): number =>
  z > FAR || z < -FAR ? 0 : INVERSE_SQRT_2PI * Math.exp(-0.5 * z * z);

/** The polynomial times the density is the upper tail: Abramowitz and Stegun 26.2.17, absolute error under 7.5e-8. */
const upperTail = (z: number, density: number): number => {
  const k = 1 / (1 + 0.2316419 * z);
  return (
    density * k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))))
  );
};

/** Distribution function of the standard normal distribution, from its density at the same place. */
export const normalBelow = (z: number, density: number): number => {
  if (z > FAR) return 1;
  if (z < -FAR) return 0;
  return z >= 0 ? 1 - upperTail(z, density) : upperTail(-z, density);
};

/** P(Z <= z) for a standard normal Z; beyond 6 deviations 0 or 1, without the exponential. */
export const normal = (z: number): number => {
  if (z > FAR) return 1;
  return z < -FAR ? 0 : normalBelow(z, normalDensity(z));
};
