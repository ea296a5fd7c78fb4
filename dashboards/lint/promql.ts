import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";
import { interpolate } from "./interpolation.ts";

export type Selector = {
  readonly metric: string;
  /** Functions around it, the nearest first. */
  readonly within: readonly string[];
  /** `$__rate_interval` or `28d`, where it is a range; the offset is no part of it. */
  readonly range?: string;
};

const DURATIONS: Readonly<Record<string, string>> = {
  __rate_interval: "61s",
  __interval: "59s",
  __range: "3599s",
};

/** PromQL as Grafana would send it, with some value for each variable. */
const sent = (expr: string): string => interpolate(expr, ({ name }) => DURATIONS[name] ?? "x");

/** Pieces of the expression that are no PromQL, as it is sent. */
export const promqlErrors = (expr: string): readonly string[] => {
  const text = sent(expr);
  const errors: string[] = [];
  parser.parse(text).iterate({
    enter(node) {
      if (node.type.isError) errors.push(text.slice(Math.max(0, node.from - 20), node.to + 20));
    },
  });
  return text.trim() === "" ? ["nothing"] : errors;
};

/** The series that an expression asks for. */
export const selectorsIn = (expr: string): readonly Selector[] => {
  const text = sent(expr);
  const selectors: Selector[] = [];
  parser.parse(text).iterate({
    enter({ node }) {
      if (node.name !== "VectorSelector") return;
      const name = node.getChild("Identifier");
      const range = rangeOf(node, text);
      selectors.push({
        metric: name === null ? "" : text.slice(name.from, name.to),
        within: functionsAround(node, text),
        ...(range !== undefined && { range }),
      });
    },
  });
  return selectors;
};

function functionsAround(node: SyntaxNode, text: string): readonly string[] {
  const around: string[] = [];
  for (let outer = node.parent; outer !== null; outer = outer.parent) {
    const called = outer.name === "FunctionCall" ? outer.getChild("FunctionIdentifier") : null;
    if (called !== null) around.push(text.slice(called.from, called.to));
  }
  return around;
}

function rangeOf(selector: SyntaxNode, text: string): string | undefined {
  const matrix = selector.parent;
  if (matrix?.name !== "MatrixSelector") return undefined;
  const range = text.slice(selector.to, matrix.to).replace(/[[\]\s]/g, "");
  return Object.entries(DURATIONS).reduce(
    (found, [name, duration]) => (found === duration ? `$${name}` : found),
    range,
  );
}
