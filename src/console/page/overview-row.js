import { element, setAttribute, setText, spoken } from "./element.js";
import { countText, durationText, readable, rateText, ratioText, replicasText } from "./format.js";
import { oldLookSeconds } from "./old-look-seconds.js";
import { hrefOfDetail } from "./route.js";
import { verdictMark, verdictWords } from "./wording.js";

/** @typedef {import("../contract.ts").Summary} Summary */

/** One autoscaler's line. What did not change is not written again. */
export class OverviewRow {
  #verdict = element("td", { class: "verdict" });
  #sentence = element("p", { class: "sentence" });
  #old = element("p", { class: "old", hidden: true });
  #dryRun = element("span", { class: "tag", hidden: true }, "Dry run");
  #inTime = new FigureCell("In time");
  #wait = new FigureCell("Wait");
  #waitUsed = element("span", { class: "meter-fill" });
  #backlog = new FigureCell("Waiting");
  #arrivals = new FigureCell("Arriving");
  #replicas = new FigureCell("Replicas");
  /** @type {Summary} */
  #shown;

  /** @param {Summary} summary */
  constructor(summary) {
    this.#shown = summary;
    const { namespace, name } = summary;
    this.#wait.node.append(element("span", { class: "meter", "aria-hidden": "true" }, this.#waitUsed));
    const who = element(
      "span",
      { class: "name" },
      element("span", { class: "namespace" }, `${namespace} / `),
      element("a", { href: hrefOfDetail(summary) }, name),
      this.#dryRun,
    );
    this.node = element(
      "tr",
      {},
      this.#verdict,
      element("th", { scope: "row", class: "who" }, who, this.#sentence, this.#old),
      ...[this.#inTime, this.#wait, this.#backlog, this.#arrivals, this.#replicas].map(({ node }) => node),
    );
    this.#write(summary);
  }

  /** @param {Summary} summary */
  update(summary) {
    if (summary === this.#shown) return;
    this.#shown = summary;
    this.#write(summary);
  }

  /**
   * Says so where the operator has not looked for too long.
   * @param {number} nowMs
   */
  age(nowMs) {
    const seconds = oldLookSeconds(this.#shown, nowMs);
    setAttribute(this.#old, "hidden", seconds === undefined);
    if (seconds !== undefined) setText(this.#old, `Last looked at ${durationText(seconds)} ago`);
  }

  /** @param {Summary} summary */
  #write(summary) {
    const { verdict, sentence, mode, promise, attainmentRatio, backlog, arrivalsPerSecond } = summary;
    if (this.node.dataset["verdict"] !== verdict) {
      this.node.dataset["verdict"] = verdict;
      this.#verdict.replaceChildren(verdictMark(verdict), verdictWords[verdict]);
    }
    setText(this.#sentence, readable(sentence));
    setAttribute(this.#dryRun, "hidden", mode !== "DryRun");
    this.#inTime.write(attainmentRatio, ratioText, `promised ${ratioText(promise.attainmentRatio)}`);
    this.#writeWait(summary);
    this.#backlog.write(backlog, countText);
    this.#arrivals.write(arrivalsPerSecond, rateText);
    this.#writeReplicas(summary);
  }

  /** @param {Summary} summary */
  #writeWait({ promise, waitSecondsP95, predictedWaitSeconds }) {
    const wait = waitSecondsP95 ?? predictedWaitSeconds;
    const atMost = waitSecondsP95 === undefined ? "" : "≤\u00A0";
    this.#wait.write(
      wait,
      (value) => `${atMost}${durationText(value)}`,
      `promised ${durationText(promise.waitSeconds)}`,
    );
    const width = `${Math.round(Math.min(1, (wait ?? 0) / promise.waitSeconds) * 100)}%`;
    if (this.#waitUsed.style.width !== width) this.#waitUsed.style.width = width;
    setAttribute(this.#waitUsed, "data-over", wait !== undefined && wait > promise.waitSeconds);
  }

  /** @param {Summary} summary */
  #writeReplicas({ replicas: { desired, ready, max } }) {
    const told = (/** @type {number} */ count) => {
      if (ready === undefined || ready === count) return replicasText(count);
      return ready < count
        ? `${ready} ready of ${replicasText(count)}`
        : `${replicasText(count)}, ${ready} ready`;
    };
    this.#replicas.write(desired, told, `max ${replicasText(max)}`);
  }
}

/** A figure, and below it what it is measured by. */
class FigureCell {
  #value = element("span", { class: "value" });
  #beside = element("span", { class: "beside" });

  /** @param {string} label */
  constructor(label) {
    this.node = element("td", { class: "figure", "data-label": label }, this.#value, " ", this.#beside);
  }

  /**
   * @param {number | undefined} value
   * @param {(value: number) => string} format
   * @param {string} [beside]
   */
  write(value, format, beside = "") {
    setText(this.#beside, beside);
    if (value !== undefined) setText(this.#value, format(value));
    else if (this.#value.firstElementChild === null)
      this.#value.replaceChildren(element("span", { "aria-hidden": "true" }, "–"), spoken("not known"));
  }
}
