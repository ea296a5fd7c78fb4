import { button, element, setAttribute } from "./element.js";
import { Chart } from "./chart.js";
import { countText, durationText, rateText, replicasText } from "./format.js";
import { FigureTable } from "./figure-table.js";
import { SeriesWindow } from "./series-window.js";

/**
 * @typedef {import("../contract.ts").Series} Series
 * @typedef {import("../contract.ts").Point} Point
 */

/** @type {readonly { readonly label: string, readonly seconds: number }[]} */
const ranges = [
  { label: "10 min", seconds: 600 },
  { label: "1 h", seconds: 3_600 },
  { label: "All", seconds: Number.POSITIVE_INFINITY },
];

/** @type {readonly { readonly columns: readonly (Exclude<keyof Series, "times">)[], readonly plan: import("./chart.js").ChartPlan }[]} */
const plans = [
  {
    columns: ["waitSeconds", "objectiveSeconds"],
    plan: {
      title: "Wait",
      format: durationText,
      lines: [
        { label: "of a job that arrives now", colour: "--chart-wait", filled: true },
        { label: "promised", colour: "--chart-promise", dashed: true },
      ],
    },
  },
  {
    columns: ["backlog"],
    plan: {
      title: "Jobs waiting",
      format: countText,
      lines: [{ label: "ready", colour: "--chart-backlog", filled: true }],
    },
  },
  {
    columns: ["arrivalsPerSecond"],
    plan: {
      title: "Arrival rate",
      format: rateText,
      lines: [{ label: "jobs", colour: "--chart-arrivals", filled: true }],
    },
  },
  {
    columns: ["desired", "ready"],
    plan: {
      title: "Replicas",
      format: replicasText,
      withTimes: true,
      lines: [
        { label: "desired", colour: "--chart-desired", dashed: true, stepped: true },
        { label: "ready", colour: "--chart-ready", filled: true, stepped: true },
      ],
    },
  },
];

/** Wait, backlog, arrival rate and replicas, one above the other on the same stretch of time. */
export class DetailCharts {
  #window = new SeriesWindow();
  #range = 600;
  #charts = plans.map(({ plan }) => new Chart(plan));
  #ranges = ranges.map(({ label, seconds }) =>
    button({ class: "chip", "aria-pressed": String(seconds === this.#range) }, label, () =>
      this.#choose(seconds),
    ),
  );
  #table = new FigureTable(() => this.#window.last(this.#range));
  #stack = element(
    "div",
    {
      class: "chart-stack",
      role: "group",
      tabindex: 0,
      "aria-label": "Charts. Arrow keys move through time.",
    },
    ...this.#charts.map(({ node }) => node),
  );
  /** @type {number | undefined} */
  #pointed;
  #shownPoints = 0;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor() {
    this.node = element(
      "section",
      { class: "charts", "aria-labelledby": "charts-heading" },
      element(
        "header",
        {},
        element("h2", { id: "charts-heading" }, "Course"),
        element("div", { class: "ranges", role: "group", "aria-label": "Stretch of time" }, ...this.#ranges),
      ),
      this.#stack,
      this.#table.node,
    );
    this.#stack.addEventListener("keydown", (event) => this.#onKey(event));
    this.#stack.addEventListener("blur", () => this.#point(undefined));
  }

  /** @param {Series} series */
  replace(series) {
    this.#window.replace(series);
    this.#draw();
  }

  /** @param {Point | undefined} point */
  append(point) {
    if (point !== undefined && this.#window.append(point)) this.#draw();
  }

  recolour() {
    for (const chart of this.#charts) chart.recolour();
  }

  destroy() {
    for (const chart of this.#charts) chart.destroy();
  }

  /** @param {number} seconds */
  #choose(seconds) {
    this.#range = seconds;
    for (const [at, range] of ranges.entries()) {
      const press = this.#ranges[at];
      if (press !== undefined) setAttribute(press, "aria-pressed", String(range.seconds === seconds));
    }
    this.#draw();
  }

  #draw() {
    const series = this.#window.last(this.#range);
    this.#shownPoints = series.times.length;
    const isTime = performance.now() - this.#toldMs > 10_000;
    for (const [at, { columns, plan }] of plans.entries()) {
      const shown = columns.map((column) => series[column]);
      this.#charts[at]?.setData(series.times, shown);
      if (isTime) this.#charts[at]?.tell(sentenceOf(plan, shown));
    }
    if (isTime) this.#toldMs = performance.now();
    if (this.#pointed !== undefined) this.#point(Math.min(this.#pointed, this.#shownPoints - 1));
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const last = this.#shownPoints - 1;
    const from = this.#pointed ?? last;
    const step = event.shiftKey ? 10 : 1;
    /** @type {Readonly<Record<string, number | undefined>>} */
    const moves = { ArrowLeft: from - step, ArrowRight: from + step, Home: 0, End: last };
    if (event.key === "Escape") this.#point(undefined);
    const to = moves[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    this.#point(Math.max(0, Math.min(last, to)));
  }

  /** @param {number | undefined} index */
  #point(index) {
    this.#pointed = index;
    for (const chart of this.#charts) chart.pointAt(index);
  }
}

/**
 * @param {import("./chart.js").ChartPlan} plan
 * @param {readonly import("./chart.js").Column[]} columns
 */
function sentenceOf({ lines, format }, columns) {
  return lines
    .map(({ label }, at) => {
      const known = (columns[at] ?? []).filter((value) => value !== null);
      if (known.length === 0) return `${label}: not known.`;
      const most = known.reduce((high, value) => Math.max(high, value), 0);
      return `${label}: ${format(known.at(-1) ?? 0)} last, ${format(most)} at most.`;
    })
    .join(" ");
}
