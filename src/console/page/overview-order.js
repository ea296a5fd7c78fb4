import { verdicts } from "./wording.js";

/** @typedef {import("../contract.ts").Summary} Summary */

/** Share of the promised wait that is used up; unknown comes last. @param {Summary} summary */
const waitUsed = ({ waitSecondsP95, predictedWaitSeconds, promise }) =>
  Math.max(waitSecondsP95 ?? -1, predictedWaitSeconds ?? -1) / promise.waitSeconds;

/** @type {(a: Summary, b: Summary) => number} */
const byName = (a, b) => (a.key < b.key ? -1 : Number(a.key > b.key));

/**
 * Worst first goes by the verdict and then by name, not by figures that change every second: rows that trade places
 * all the time cannot be read.
 * @type {Readonly<Record<string, { readonly label: string, readonly compare: (a: Summary, b: Summary) => number }>>}
 */
export const orders = {
  worst: {
    label: "Worst first",
    compare: (a, b) => verdicts.indexOf(a.verdict) - verdicts.indexOf(b.verdict) || byName(a, b),
  },
  name: { label: "Name", compare: byName },
  wait: {
    label: "Longest wait for its promise",
    compare: (a, b) => waitUsed(b) - waitUsed(a) || byName(a, b),
  },
  backlog: {
    label: "Most jobs waiting",
    compare: (a, b) => (b.backlog ?? -1) - (a.backlog ?? -1) || byName(a, b),
  },
  replicas: {
    label: "Most replicas",
    compare: (a, b) => (b.replicas.desired ?? -1) - (a.replicas.desired ?? -1) || byName(a, b),
  },
};

export const defaultOrder = "worst";

/**
 * Those that a person asked to see, in the order asked for.
 * @param {readonly Summary[]} summaries
 * @param {import("./route.js").Choice} choice
 */
export function chosen(summaries, { text, verdict, order }) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const { compare } = orders[order] ?? orders[defaultOrder] ?? { compare: byName };
  return summaries
    .filter((summary) => verdict === "" || summary.verdict === verdict)
    .filter((summary) => words.every((word) => searchedText(summary).includes(word)))
    .toSorted(compare);
}

/** @param {Summary} summary */
const searchedText = ({ key, target, limitedBy }) => `${key} ${target} ${limitedBy.join(" ")}`.toLowerCase();
