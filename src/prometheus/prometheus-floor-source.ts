import type { FloorSource } from "../operator/ports.ts";
import { createPrometheusApi } from "./prometheus-api.ts";
import type { PrometheusOptions } from "./prometheus-options.ts";

/** Evaluates each expression as an instant query: one number each. A problem where it gives none, more than one, or an error. */
export const createPrometheusFloorSource = (options: PrometheusOptions): FloorSource => {
  const api = createPrometheusApi(options);
  const numberOf = async (expression: string, signal: AbortSignal): Promise<number> => {
    const answer = await api.instant(expression, signal);
    const [first] = answer;
    if (first === undefined) throw new Error("it gives no series; add `or vector(0)` where that means none");
    if (answer.length > 1)
      throw new Error(`it gives ${answer.length} series; make it one, for example with max(...)`);
    return first.value;
  };
  return {
    async read(expressions, signal) {
      const values = new Map<string, number>();
      const problems = new Map<string, string>();
      await Promise.all(
        expressions.map(async (expression) => {
          try {
            values.set(expression, await numberOf(expression, signal));
          } catch (error) {
            problems.set(expression, error instanceof Error ? error.message : String(error));
          }
        }),
      );
      return { values, problems };
    },
  };
};
