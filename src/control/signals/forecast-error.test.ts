import { expect, test } from "vitest";
import {
  forecastErrorOf,
  forecastSeconds,
  newForecasts,
  rateVariance,
  withForecast,
} from "./forecast-error.ts";

const check = { dispersion: 1, aheadSeconds: 20 };

test("it looks one wait and one start-up ahead, at most 150 s", () => {
  expect(forecastSeconds(10, 30)).toBe(40);
  expect(forecastSeconds(100, 300)).toBe(150);
});

test("it is 1.5 until a forecast came due", () => {
  expect(forecastErrorOf(newForecasts)).toBe(1.5);
});

test("a rate of 5 noted 20 s ago expects 100; 120 came: the error of 20 weighs 1.5, the prior four forecasts", () => {
  const noted = withForecast(newForecasts, { ...check, t: 0, total: 0, perSecond: 5 });
  const memory = withForecast(noted, { ...check, t: 20, total: 120, perSecond: 6 });
  expect(memory).toMatchObject({ squares: 600, expected: 100, weight: 1 });
  expect(forecastErrorOf(memory)).toBeCloseTo((600 + 1.5 * 400) / 500, 6);
});

test("an error is clipped at half of what was expected and three deviations, and weighs 0.3 downwards", () => {
  const noted = withForecast(newForecasts, { ...check, t: 0, total: 0, perSecond: 5 });
  expect(withForecast(noted, { ...check, t: 20, total: 1000, perSecond: 6 }).squares).toBeCloseTo(
    1.5 * 80 ** 2,
    3,
  );
  expect(withForecast(noted, { ...check, t: 20, total: 0, perSecond: 6 }).squares).toBeCloseTo(
    0.3 * 80 ** 2,
    3,
  );
});

test("a note is made every quarter of the time ahead, never more than six wait", () => {
  let memory = newForecasts;
  for (let t = 0; t <= 19; t += 1) memory = withForecast(memory, { ...check, t, total: t, perSecond: 1 });
  expect(memory.notes.map(([at]) => at)).toEqual([0, 5, 10, 15]);
});

test("the variance is the window's, or the forecasts' up to (0.35 rate)^2", () => {
  const of = { perSecond: 10, variance: 0.1, dispersion: 1, aheadSeconds: 20 };
  expect(rateVariance({ ...of, forecastError: 1 })).toBe(0.1);
  expect(rateVariance({ ...of, forecastError: 5 })).toBe(2);
  expect(rateVariance({ ...of, forecastError: 100 })).toBeCloseTo(12.25, 9);
});
