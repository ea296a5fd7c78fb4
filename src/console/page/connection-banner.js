import { button, element, setAttribute, setText } from "./element.js";
import { durationText, momentText } from "./format.js";

/**
 * @typedef {import("./live-feed.js").Connection} Connection
 * @typedef {import("./autoscaler-set.js").AutoscalerSet} AutoscalerSet
 */

/** The operator sends something every five seconds; what is older than this is told to be old. */
export const oldDataSeconds = 8;
/** A stream that broke off is told sooner, though not when it is back at once. */
const brokenSeconds = 2;

/** Says since when the page's data is old, why, and when it is asked for again. Read aloud once, not every second. */
export class ConnectionBanner {
  #set;
  #age = element("span");
  #because = element("span");
  #retry = element("span", { "aria-hidden": "true" });
  #aloud = element("p", { class: "spoken", role: "status" });
  #banner;
  /** @type {Connection} */
  #connection = { kind: "connecting" };
  #lostBecause = "";

  /**
   * @param {AutoscalerSet} set
   * @param {() => void} retry
   */
  constructor(set, retry) {
    this.#set = set;
    this.#banner = element(
      "div",
      { class: "connection", hidden: true },
      element("p", {}, this.#age, " ", this.#because, " ", this.#retry),
      button({}, "Try now", retry),
    );
    this.node = element("div", {}, this.#banner, this.#aloud);
  }

  /** @param {Connection} connection */
  update(connection) {
    this.#connection = connection;
    if (connection.kind === "lost") this.#lostBecause = connection.because;
    if (connection.kind === "live") this.#lostBecause = "";
    this.tick();
  }

  tick() {
    const silence = this.#set.silenceSeconds();
    const isOld = this.#isOld(silence);
    setAttribute(this.#banner, "hidden", !isOld);
    setAttribute(document.documentElement, "data-old", isOld);
    if (!isOld) {
      if (this.#aloud.textContent !== "") setText(this.#aloud, "The data is new again.");
      return;
    }
    const toldAtMs = this.#set.toldAtMs();
    const since = toldAtMs === undefined ? undefined : momentText(toldAtMs, this.#set.nowMs());
    const age = durationText(Math.floor(silence ?? 0));
    setText(this.#age, since === undefined ? "There is no data yet." : `Data since ${since} is old: ${age}.`);
    setText(this.#because, this.#lostBecause);
    setText(this.#retry, this.#retryText());
    if (!this.#aloud.textContent?.startsWith("Old data"))
      setText(
        this.#aloud,
        `Old data: nothing new since ${since ?? "the page was opened"}. ${this.#lostBecause}`,
      );
  }

  /** @param {number | undefined} silence */
  #isOld(silence) {
    if (silence === undefined) return this.#lostBecause !== "";
    return silence > (this.#connection.kind === "live" ? oldDataSeconds : brokenSeconds);
  }

  #retryText() {
    if (this.#connection.kind !== "lost") return "Asking again…";
    const seconds = Math.ceil((this.#connection.retryAtMs - performance.now()) / 1_000);
    return seconds > 0 ? `Asking again in ${durationText(seconds)}.` : "Asking again…";
  }
}
