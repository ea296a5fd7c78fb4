import { ConditionList } from "./condition-list.js";
import { DecisionList, decisionsPerPage } from "./decision-list.js";
import { DetailCharts } from "./detail-charts.js";
import { oldDataSeconds } from "./connection-banner.js";
import { DetailFigures } from "./detail-figures.js";
import { NoticeList, noticesOf } from "./detail-notices.js";
import { element, setAttribute, setText } from "./element.js";
import { readable } from "./format.js";
import { QueueList } from "./queue-list.js";
import { readDetail } from "./read-detail.js";
import { Refused } from "./refused.js";
import { verdictMark, verdictWords } from "./wording.js";

/**
 * @typedef {import("../contract.ts").Summary} Summary
 * @typedef {import("../contract.ts").Detail} DetailAnswer
 * @typedef {import("./autoscaler-set.js").AutoscalerSet} AutoscalerSet
 */

/** What the stream does not carry is read again after so long, and at once after a decision. */
const refreshMs = 5_000;

/** One autoscaler: its promise, its course, its decisions, and what would change them. */
export class Detail {
  #set;
  #who;
  #heading = element("h1", { tabindex: -1 });
  #verdict = element("p", { class: "verdict-badge", hidden: true });
  #target = element("p", { class: "target" });
  #sentence = element("p", { class: "lead" });
  #problem = element("p", { class: "notice", "data-kind": "warning", role: "alert", hidden: true });
  #notices = new NoticeList();
  #figures = new DetailFigures();
  #charts = new DetailCharts();
  #outlook = element("ul", { class: "outlook" });
  #queues = new QueueList();
  #conditions = new ConditionList();
  #decisions;
  /** All that only an answer can fill. */
  #known;
  /** @type {readonly string[]} */
  #notes = [];
  /** @type {Summary | undefined} */
  #summary;
  #removed = false;
  #left = new AbortController();
  #readMs = Number.NEGATIVE_INFINITY;
  #reading = false;
  /** Asked to read while it was reading: that answer may be from before. */
  #isAskedAgain = false;
  /** asked: an answer that is under way, or failed, was to bring them. @type {"lacking" | "asked" | "there"} */
  #series = "lacking";

  /**
   * @param {AutoscalerSet} set
   * @param {{ readonly namespace: string, readonly name: string }} who
   * @param {string} backHref to the overview as it was left
   */
  constructor(set, who, backHref) {
    this.#set = set;
    this.#who = who;
    this.#decisions = new DecisionList((before) =>
      readDetail(who, { before, limit: decisionsPerPage, withSeries: false, signal: this.#left.signal }),
    );
    this.#heading.append(element("span", { class: "namespace" }, `${who.namespace} / `), who.name);
    this.#known = this.#layOut();
    this.node = element(
      "article",
      { class: "detail" },
      element("nav", { "aria-label": "Path" }, element("a", { href: backHref }, "← All autoscalers")),
      element("header", {}, this.#heading, this.#verdict, this.#target),
      this.#problem,
      this.#known,
    );
  }

  show() {
    this.update();
    void this.#read();
  }

  focus() {
    this.#heading.focus();
  }

  title() {
    const state = this.#summary === undefined ? "" : `${verdictWords[this.#summary.verdict]}: `;
    return `${state}${this.#who.name}`;
  }

  /** Takes what the stream told. */
  update() {
    const key = `${this.#who.namespace}/${this.#who.name}`;
    const summary = this.#set.get(key);
    this.#removed = this.#summary !== undefined && this.#set.lacks(key);
    if (summary === undefined || summary === this.#summary) return;
    const decidedAnew = summary.lastDecision?.time !== this.#summary?.lastDecision?.time;
    this.#write(summary);
    if (this.#series === "there") this.#charts.append(summary.point);
    if (decidedAnew) void this.#read();
  }

  /** The stream was away: what it would have told is read. */
  catchUp() {
    this.#series = "lacking";
    void this.#read();
  }

  /** @param {number} nowMs */
  tick(nowMs) {
    this.#queues.tick();
    this.#notices.update(
      noticesOf({ summary: this.#summary, notes: this.#notes, removed: this.#removed, nowMs }),
    );
    const isDue = performance.now() - this.#readMs > refreshMs && document.visibilityState === "visible";
    const isHeard = (this.#set.silenceSeconds() ?? Number.POSITIVE_INFINITY) < oldDataSeconds;
    if (isDue && isHeard && !this.#removed && !this.#reading) void this.#read();
  }

  recolour() {
    this.#charts.recolour();
  }

  leave() {
    this.#left.abort();
    this.#charts.destroy();
  }

  async #read() {
    this.#isAskedAgain = this.#reading;
    if (this.#reading) return;
    this.#reading = true;
    this.#readMs = performance.now();
    const withSeries = this.#series !== "there";
    if (withSeries) this.#series = "asked";
    try {
      const { signal } = this.#left;
      this.#fill(await readDetail(this.#who, { limit: decisionsPerPage, withSeries, signal }));
      setAttribute(this.#problem, "hidden", true);
    } catch (error) {
      if (!this.#left.signal.aborted) this.#tellProblem(error);
    } finally {
      this.#reading = false;
    }
    if (this.#isAskedAgain && !this.#left.signal.aborted) void this.#read();
  }

  /** @param {DetailAnswer} answer */
  #fill({ summary, series, signals, conditions, wouldChange, notes, serverTime, ...rest }) {
    setAttribute(this.#known, "hidden", false);
    this.#write(summary);
    const toldAbove = new Set(this.#set.about?.notes);
    this.#notes = notes.filter((note) => !toldAbove.has(note));
    if (series !== undefined) {
      // One that was asked for before the stream was away has the gap still.
      if (this.#series === "asked") this.#series = "there";
      this.#charts.replace(series);
    }
    this.#charts.append(summary.point);
    this.#queues.update(signals);
    this.#conditions.update(conditions, Date.parse(serverTime));
    this.#decisions.update({ summary, signals, conditions, wouldChange, notes, serverTime, ...rest });
    this.#tellOutlook(wouldChange);
    this.tick(this.#set.nowMs());
  }

  /** @param {Summary} summary */
  #write(summary) {
    this.#summary = summary;
    setAttribute(this.#known, "hidden", false);
    const { verdict, sentence, target, mode } = summary;
    if (this.node.dataset["verdict"] !== verdict) {
      this.node.dataset["verdict"] = verdict;
      this.#verdict.replaceChildren(verdictMark(verdict), verdictWords[verdict]);
      setAttribute(this.#verdict, "hidden", false);
    }
    setText(this.#target, mode === "DryRun" ? `${target}, dry run` : target);
    setText(this.#sentence, readable(sentence));
    this.#figures.update(summary);
  }

  /** @param {readonly string[]} sentences */
  #tellOutlook(sentences) {
    const shown = sentences.length > 0 ? sentences : ["Only the load: nothing else stands in the way."];
    if (
      shown.map(readable).join("\n") ===
      [...this.#outlook.children].map(({ textContent }) => textContent).join("\n")
    )
      return;
    this.#outlook.replaceChildren(...shown.map((sentence) => element("li", {}, readable(sentence))));
  }

  /** @param {unknown} error */
  #tellProblem(error) {
    if (error instanceof Refused && error.status === 404) this.#removed = this.#summary !== undefined;
    setText(this.#problem, error instanceof Error ? error.message : String(error));
    setAttribute(this.#problem, "hidden", false);
  }

  #layOut() {
    const outlook = element(
      "section",
      { class: "outlook-part", "aria-labelledby": "outlook-heading" },
      element("h2", { id: "outlook-heading" }, "What would change it"),
      this.#outlook,
    );
    return element(
      "div",
      { hidden: true },
      this.#sentence,
      this.#notices.node,
      this.#figures.node,
      element(
        "div",
        { class: "columns" },
        outlook,
        element("div", { class: "course" }, this.#charts.node, this.#decisions.node),
        element("div", { class: "known" }, this.#queues.node, this.#conditions.node),
      ),
    );
  }
}
