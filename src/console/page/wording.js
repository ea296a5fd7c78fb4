import { pluralText } from "./format.js";

/**
 * @typedef {import("../contract.ts").Summary} Summary
 * @typedef {Summary["verdict"]} PromiseVerdict
 */

/** Whether a promise is kept, worst first. @type {readonly PromiseVerdict[]} */
export const verdicts = ["broken", "at-risk", "unknown", "paused", "kept"];

/** @type {Readonly<Record<PromiseVerdict, string>>} */
export const verdictWords = {
  broken: "Broken",
  "at-risk": "At risk",
  unknown: "Not known",
  paused: "Paused",
  kept: "Kept",
};

/** Shapes that differ as well as colours do, on a field of 16 by 16. @type {Readonly<Record<PromiseVerdict, string>>} */
const shapes = {
  broken: "M5 1h6l4 4v6l-4 4H5l-4-4V5zM5.5 5.5l5 5m0-5l-5 5",
  "at-risk": "M8 1.5L15 14H1zM8 6v4m0 1.6v.6",
  unknown: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zM6 6.2c0-2.6 4-2.6 4 0 0 1.6-2 1.5-2 3.2m0 2v.4",
  paused: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zM6.3 5v6m3.4-6v6",
  kept: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zM4.8 8.2l2.2 2.3 4.2-4.8",
};

/**
 * The mark of a verdict; the word stands beside it.
 * @param {PromiseVerdict} verdict
 */
export function verdictMark(verdict) {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("viewBox", "0 0 16 16");
  drawing.setAttribute("class", "mark");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", shapes[verdict]);
  drawing.append(path);
  return drawing;
}

/**
 * How many promises are in which state, as a headline.
 * @param {ReadonlyMap<PromiseVerdict, number>} counts
 */
export function headlineOf(counts) {
  const total = verdicts.reduce((sum, verdict) => sum + (counts.get(verdict) ?? 0), 0);
  if (total === 0) return "No autoscaler yet";
  /** @type {readonly (readonly [PromiseVerdict, string])[]} */
  const phrases = [
    ["broken", "broken"],
    ["at-risk", "at risk"],
    ["unknown", "not known"],
    ["paused", "paused"],
  ];
  const standing = phrases.filter(([verdict]) => (counts.get(verdict) ?? 0) > 0);
  if (standing.length === 0) return total === 1 ? "The promise is kept" : `All ${total} promises are kept`;
  const kept = counts.get("kept") ?? 0;
  const listed = standing.map(([verdict, words]) => `${counts.get(verdict)} ${words}`);
  return `${pluralText(total, "promise")}: ${[...listed, ...(kept > 0 ? [`${kept} kept`] : [])].join(", ")}`;
}

/** @type {Readonly<Record<string, (bounds: import("../contract.ts").Decision["bounds"]) => string>>} */
const limitSentences = {
  max: (bounds) =>
    bounds === undefined
      ? "No more replicas were allowed (spec.replicas.max)."
      : `No more than ${pluralText(bounds.max, "replica")} were allowed (spec.replicas.max).`,
  min: (bounds) =>
    bounds === undefined
      ? "No fewer replicas were allowed (spec.replicas.min)."
      : `No fewer than ${pluralText(bounds.min, "replica")} were allowed (spec.replicas.min).`,
  "scale-out-step": () => "One step adds only so many (spec.scaleOut.maxStep).",
  "scale-in-step": () => "One step removes only so many (spec.scaleIn.maxStep).",
  "scale-in-hold": () => "Fewer replicas must be enough for the length of the hold first.",
  "scale-in-blocked": () => "Removing replicas now is not safe, or is switched off.",
  "scale-out-blocked": () => "Adding replicas is switched off.",
  capacity: () => "Replicas that were asked for do not come, so more are not asked for.",
  ineffective: () => "More replicas brought no more throughput: something downstream limits it.",
  rollout: () => "A rollout is in progress; nothing is removed during one.",
  paused: () => "A person paused the autoscaler.",
  schedule: () => "A schedule asks for at least this many.",
  floor: () => "Another signal asks for at least this many.",
  fallback: () => "A ready count has been unknown too long; the fallback decides.",
};

/**
 * What a limit means. One that this page does not know yet is told by its name.
 * @param {string} limit
 * @param {import("../contract.ts").Decision["bounds"]} bounds as they were then
 */
export const limitText = (limit, bounds) =>
  limitSentences[limit]?.(bounds) ?? `${limit}, a limit that this page does not know yet.`;
