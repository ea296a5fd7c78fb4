import { element } from "./element.js";
import { durationText, momentText, pluralText, readable } from "./format.js";
import { oldLookSeconds } from "./old-look-seconds.js";

/** @typedef {import("../contract.ts").Summary} Summary */

/**
 * What a person must know before reading the rest, most important first.
 * @param {object} known
 * @param {Summary | undefined} known.summary
 * @param {readonly string[]} known.notes
 * @param {boolean} known.removed
 * @param {number} known.nowMs
 * @returns {readonly { readonly kind: "warning" | "note", readonly title: string, readonly text: string }[]}
 */
export function noticesOf({ summary, notes, removed, nowMs }) {
  return [
    ...(removed
      ? [
          {
            kind: /** @type {const} */ ("warning"),
            title: "Removed",
            text: "The operator no longer has this autoscaler. What is shown is the last that was known.",
          },
        ]
      : []),
    ...(summary === undefined ? [] : noticesOfSummary(summary, nowMs)),
    ...notes.map((text) => ({ kind: /** @type {const} */ ("note"), title: "Operator", text })),
  ];
}

/**
 * @param {Summary} summary
 * @param {number} nowMs
 * @returns {ReturnType<typeof noticesOf>}
 */
function noticesOfSummary(summary, nowMs) {
  const { feasibility, warmAdvice, sentence, mode, lookedAt = "" } = summary;
  const lookSeconds = oldLookSeconds(summary, nowMs);
  return [
    ...(lookSeconds === undefined
      ? []
      : [
          {
            kind: /** @type {const} */ ("warning"),
            title: "Old figures",
            text: `The operator last looked at ${momentText(Date.parse(lookedAt), nowMs)}, ${durationText(lookSeconds)} ago.`,
          },
        ]),
    ...(feasibility.kind === "infeasible"
      ? [
          {
            kind: /** @type {const} */ ("warning"),
            title: `${pluralText(feasibility.warmReplicasNeeded, "warm replica")} needed`,
            // Where the promise is not broken yet, the sentence above says why already.
            text: [...(sentence.includes(feasibility.because) ? [] : [feasibility.because]), warmAdvice].join(
              " ",
            ),
          },
        ]
      : []),
    ...(mode === "DryRun"
      ? [
          {
            kind: /** @type {const} */ ("note"),
            title: "Dry run",
            text: "Nothing is changed; decisions are only reported.",
          },
        ]
      : []),
  ];
}

/** Draws notices anew only where they differ. */
export class NoticeList {
  node = element("div", { class: "notices" });
  #drawn = "";

  /** @param {ReturnType<typeof noticesOf>} notices */
  update(notices) {
    const told = JSON.stringify(notices);
    if (told === this.#drawn) return;
    this.#drawn = told;
    this.node.replaceChildren(
      ...notices.map(({ kind, title, text }) =>
        element("p", { class: "notice", "data-kind": kind }, element("b", {}, title), ` ${readable(text)}`),
      ),
    );
  }
}
