import uPlot from "./uplot.js";
import { element, setText } from "./element.js";
import { clockText } from "./format.js";

/**
 * @typedef {object} Line
 * @property {string} label
 * @property {string} colour    name of a custom property of the style sheet
 * @property {boolean} [filled]
 * @property {boolean} [dashed]
 * @property {boolean} [stepped]  the value holds until the next one
 *
 * @typedef {object} ChartPlan
 * @property {string} title
 * @property {readonly Line[]} lines
 * @property {(value: number) => string} format
 * @property {boolean} [withTimes]  whether the times stand under it
 *
 * @typedef {readonly (number | null)[]} Column   one value a time, oldest first; null where nothing was known
 */

const plotHeight = 104;
const timesHeight = 26;
const syncKey = "autoscaler";

/** One figure's course over time. It shares its cursor with the others, and tells the values at it. */
export class Chart {
  #plan;
  #plot;
  #values;
  #box = element("div", { class: "plot", "aria-hidden": "true" });
  #told = element("p", { class: "spoken" });
  /** @type {ResizeObserver} */
  #resize;

  /** @param {ChartPlan} plan */
  constructor(plan) {
    this.#plan = plan;
    this.#values = plan.lines.map(() => element("span", { class: "value" }));
    this.node = element(
      "figure",
      { class: "chart" },
      element(
        "figcaption",
        {},
        element("h3", {}, plan.title),
        element(
          "ul",
          { class: "legend", "aria-hidden": "true" },
          ...plan.lines.map((line, at) => this.#legendOf(line, at)),
        ),
        this.#told,
      ),
      this.#box,
    );
    this.#plot = new uPlot(
      optionsOf(plan, () => this.#showValues()),
      emptyData(plan),
      this.#box,
    );
    this.#resize = new ResizeObserver(([entry]) => {
      if (entry !== undefined)
        this.#plot.setSize({ width: Math.floor(entry.contentRect.width), height: heightOf(plan) });
    });
    this.#resize.observe(this.#box);
  }

  /**
   * @param {readonly number[]} times
   * @param {readonly Column[]} columns
   */
  setData(times, columns) {
    this.#plot.setData([[...times], ...columns.map((column) => [...column])]);
    this.#showValues();
  }

  /**
   * The same figures as words.
   * @param {string} sentence
   */
  tell(sentence) {
    setText(this.#told, sentence);
  }

  /** Puts the cursor on a point; undefined takes it away. @param {number | undefined} index */
  pointAt(index) {
    const time = index === undefined ? undefined : this.#plot.data[0]?.[index];
    const left = time === undefined ? -10 : this.#plot.valToPos(time, "x");
    this.#plot.setCursor({ left, top: 0 });
  }

  /** Colours are read from the style sheet again. */
  recolour() {
    this.#plot.redraw(false, true);
  }

  destroy() {
    this.#resize.disconnect();
    this.#plot.destroy();
  }

  /** At the cursor, else the last ones. */
  #showValues() {
    const [times = [], ...columns] = this.#plot.data;
    const index = this.#plot.cursor.idx ?? times.length - 1;
    for (const [at, column] of columns.entries()) {
      const value = column[index];
      const cell = this.#values[at];
      if (cell !== undefined)
        setText(cell, value === null || value === undefined ? "–" : this.#plan.format(value));
    }
  }

  /**
   * @param {Line} line
   * @param {number} at
   */
  #legendOf({ label, colour, dashed = false }, at) {
    return element(
      "li",
      {},
      element("span", { class: "swatch", "data-colour": colour, "data-dashed": dashed }),
      `${label} `,
      this.#values[at],
    );
  }
}

/** @param {ChartPlan} plan */
const heightOf = ({ withTimes = false }) => plotHeight + (withTimes ? timesHeight : 0);

/**
 * @param {ChartPlan} plan
 * @returns {uPlot.AlignedData}
 */
const emptyData = ({ lines }) => [[], ...lines.map(() => [])];

/** @param {string} name */
const colourOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);

/** Of the area below a line. @param {string} name */
const paleColourOf = (name) => colourOf(name).replace(/^rgb\((.*)\)$/, "rgba($1, 0.13)");

/**
 * @param {ChartPlan} plan
 * @param {() => void} onCursor
 * @returns {uPlot.Options}
 */
function optionsOf(plan, onCursor) {
  const { lines, format, withTimes = false } = plan;
  const font = '11px system-ui, -apple-system, "Segoe UI", sans-serif';
  const grid = { stroke: () => colourOf("--chart-grid"), width: 1 };
  return {
    width: 300,
    height: heightOf(plan),
    padding: [6, 8, withTimes ? 0 : 4, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: { size: 6 },
      sync: { key: syncKey, scales: ["x", null] },
    },
    hooks: { setCursor: [onCursor] },
    scales: { y: { range: (_plot, _low, high) => [0, Math.max(high * 1.08, 1)] } },
    axes: [
      {
        show: true,
        font,
        stroke: () => colourOf("--text-quiet"),
        grid,
        ticks: { show: false },
        size: withTimes ? timesHeight : 0,
        space: 80,
        values: (_plot, times) => times.map((time) => (withTimes ? clockText(time * 1_000) : "")),
      },
      {
        font,
        stroke: () => colourOf("--text-quiet"),
        grid,
        ticks: { show: false },
        size: 56,
        space: 34,
        gap: 6,
        values: (_plot, values) => values.map(format),
      },
    ],
    series: [{}, ...lines.map(seriesOf)],
  };
}

/**
 * @param {Line} line
 * @returns {uPlot.Series}
 */
function seriesOf({ label, colour, filled = false, dashed = false, stepped = false }) {
  const paths = stepped ? uPlot.paths.stepped?.({ align: 1 }) : undefined;
  return {
    label,
    stroke: () => colourOf(colour),
    width: dashed ? 1.5 : 1.75,
    ...(filled && { fill: () => paleColourOf(colour) }),
    ...(dashed && { dash: [5, 4] }),
    ...(paths !== undefined && { paths }),
    points: { show: true, size: 4, filter: isolatedPoints },
  };
}

/**
 * Values without a neighbour, of which no line could be seen.
 * @param {uPlot} plot
 * @param {number} seriesIndex
 */
function isolatedPoints(plot, seriesIndex) {
  const column = plot.data[seriesIndex] ?? [];
  const unknown = (/** @type {number} */ index) => column[index] === null || column[index] === undefined;
  return [...column.keys()].filter((index) => !unknown(index) && unknown(index - 1) && unknown(index + 1));
}
