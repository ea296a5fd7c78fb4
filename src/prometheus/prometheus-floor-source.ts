import type { FloorSource } from "../operator/ports.ts";
import { createPrometheusApi } from "./prometheus-api.ts";
import type { PrometheusOptions } from "./prometheus-options.ts";

/** Evaluates each expression as an instant query: one number each. Unknown where it gives none, more than one, or an error. */
export const createPrometheusFloorSource = (options: PrometheusOptions): FloorSource => {
  const api = createPrometheusApi(options);
  const numberOf = async (expression: string, signal: AbortSignal): Promise<number | undefined> => {
    try {
      const [first, ...more] = await api.instant(expression, signal);
      return more.length === 0 ? first?.value : undefined;
    } catch {
      return undefined; // a floor that is not known asks for nothing
    }
  };
  return {
    async read(expressions, signal) {
      const numbers = new Map<string, number>();
      await Promise.all(
        expressions.map(async (expression) => {
          const number = await numberOf(expression, signal);
          if (number !== undefined) numbers.set(expression, number);
        }),
      );
      return numbers;
    },
  };
};
