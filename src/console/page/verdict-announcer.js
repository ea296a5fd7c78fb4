import { setText } from "./element.js";
import { verdicts, verdictWords } from "./wording.js";

/** Not more often than this, however much changes. */
const pauseMs = 10_000;

/** Tells people who do not see the page when promises are broken, endangered or kept again; not every figure. */
export class VerdictAnnouncer {
  #set;
  #region;
  /** @type {ReadonlyMap<string, import("./wording.js").PromiseVerdict> | undefined} */
  #told;
  #toldMs = Number.NEGATIVE_INFINITY;

  /**
   * @param {import("./autoscaler-set.js").AutoscalerSet} set
   * @param {HTMLElement} region
   */
  constructor(set, region) {
    this.#set = set;
    this.#region = region;
  }

  tick() {
    if (this.#set.about === undefined || performance.now() - this.#toldMs < pauseMs) return;
    const now = new Map(this.#set.all().map(({ key, verdict }) => [key, verdict]));
    const before = this.#told ?? now;
    const changed = [...now].filter(([key, verdict]) => before.has(key) && before.get(key) !== verdict);
    this.#told = now;
    if (changed.length === 0) return;
    this.#toldMs = performance.now();
    setText(this.#region, sentenceOf(changed));
  }
}

/** @param {readonly (readonly [key: string, verdict: import("./wording.js").PromiseVerdict])[]} changed */
function sentenceOf(changed) {
  if (changed.length <= 3)
    return changed.map(([key, verdict]) => `${key}: ${verdictWords[verdict].toLowerCase()}.`).join(" ");
  const counts = verdicts
    .map((verdict) => ({ verdict, count: changed.filter(([, now]) => now === verdict).length }))
    .filter(({ count }) => count > 0);
  return `${changed.length} promises changed: ${counts.map(({ verdict, count }) => `${count} ${verdictWords[verdict].toLowerCase()}`).join(", ")}.`;
}
