import { button, element, setAttribute, setText } from "./element.js";
import { pluralText } from "./format.js";
import { chosen, defaultOrder, orders } from "./overview-order.js";
import { OverviewRow } from "./overview-row.js";
import { OverviewTools } from "./overview-tools.js";
import { emptyAdvice } from "./empty-advice.js";
import { hrefOfOverview } from "./route.js";
import { headlineOf, verdicts } from "./wording.js";

/**
 * @typedef {import("../contract.ts").Summary} Summary
 * @typedef {{ readonly kind: "all" } | { readonly kind: "some", readonly changed: readonly Summary[], readonly removed: readonly string[] }} Change
 * @typedef {import("./autoscaler-set.js").AutoscalerSet} AutoscalerSet
 * @typedef {import("./route.js").Choice} Choice
 */

/** Rows that are drawn at once; further ones on demand. */
const rowsAtOnce = 500;
/** Rows keep their places for so long after a hand was on them. */
const stillMs = 5_000;
const columns = ["Promise", "Autoscaler", "In time", "Wait", "Waiting", "Arriving", "Replicas"];

/** All autoscalers, one line each. */
export class Overview {
  #set;
  #headline = element("h1", { tabindex: -1 }, "Asking the operator");
  #shown = element("p", { class: "shown", role: "status" });
  #body = element("tbody");
  #table = element(
    "table",
    { class: "autoscalers", hidden: true },
    element("caption", { class: "spoken" }, "Autoscalers and whether each keeps its promise"),
    element("thead", {}, element("tr", {}, ...columns.map((name) => element("th", { scope: "col" }, name)))),
    this.#body,
  );
  #empty = emptyAdvice();
  #more = button({ class: "more", hidden: true }, "", () => this.#showMore());
  /** @type {Map<string, OverviewRow>} */
  #rows = new Map();
  /** @type {Choice} */
  #choice = { text: "", verdict: "", order: "" };
  #limit = rowsAtOnce;
  #touchedMs = Number.NEGATIVE_INFINITY;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #settle;
  #tools = new OverviewTools((choice) => this.#choose(choice));

  /** @param {AutoscalerSet} set */
  constructor(set) {
    this.#set = set;
    this.node = element(
      "section",
      { class: "overview" },
      this.#headline,
      this.#tools.node,
      this.#shown,
      this.#table,
      this.#more,
      this.#empty,
    );
    for (const type of ["pointermove", "keydown", "focusin"])
      this.#body.addEventListener(type, () => (this.#touchedMs = performance.now()));
  }

  /** @param {Choice} choice */
  show(choice) {
    this.#choice = choice;
    this.#tools.show(choice);
    this.#limit = rowsAtOnce;
    this.#arrange({ still: false });
  }

  focus() {
    this.#headline.focus();
  }

  /** Leads here again, as it is narrowed and ordered now. */
  href() {
    return hrefOfOverview(this.#choice);
  }

  title() {
    return this.#headline.textContent;
  }

  /** @param {Change} change */
  update(change) {
    if (change.kind === "some") {
      for (const summary of change.changed) this.#rows.get(summary.key)?.update(summary);
      for (const key of change.removed) this.#forget(key);
    }
    this.#arrange({ still: performance.now() - this.#touchedMs < stillMs });
  }

  /** @param {number} nowMs */
  tick(nowMs) {
    for (const row of this.#rows.values()) row.age(nowMs);
  }

  leave() {
    clearTimeout(this.#settle);
  }

  /** @param {Choice} choice */
  #choose(choice) {
    history.replaceState(null, "", hrefOfOverview(choice));
    this.#choice = choice;
    this.#arrange({ still: false });
  }

  #showMore() {
    this.#limit += rowsAtOnce;
    this.#arrange({ still: false });
  }

  /** @param {string} key */
  #forget(key) {
    this.#rows.get(key)?.node.remove();
    this.#rows.delete(key);
  }

  /** @param {{ readonly still: boolean }} how whether rows that are there keep their places */
  #arrange({ still }) {
    if (this.#set.about === undefined) return;
    const all = this.#set.all();
    const counts = new Map(
      verdicts.map((verdict) => [verdict, all.filter((summary) => summary.verdict === verdict).length]),
    );
    const follows = this.#set.about.role === "follower";
    setText(this.#headline, follows ? "This operator follows another" : headlineOf(counts));
    this.#tools.count(counts);
    const wanted = chosen(all, this.#choice);
    const drawn = (still ? this.#inTheirPlaces(wanted) : wanted).slice(0, this.#limit);
    this.#draw(drawn);
    this.#tellShown({ all: all.length, wanted: wanted.length, drawn: drawn.length });
    clearTimeout(this.#settle);
    if (still)
      this.#settle = setTimeout(() => this.update({ kind: "some", changed: [], removed: [] }), stillMs);
  }

  /** @param {readonly Summary[]} wanted */
  #inTheirPlaces(wanted) {
    const places = new Map([...this.#rows.keys()].map((key, place) => [key, place]));
    const placeOf = (/** @type {Summary} */ { key }) => places.get(key) ?? places.size;
    return wanted.toSorted((a, b) => placeOf(a) - placeOf(b));
  }

  /** @param {readonly Summary[]} summaries */
  #draw(summaries) {
    const before = this.#rows;
    this.#rows = new Map(
      summaries.map((summary) => {
        const row = before.get(summary.key) ?? new OverviewRow(summary);
        row.update(summary);
        before.delete(summary.key);
        return [summary.key, row];
      }),
    );
    for (const { node } of before.values()) node.remove();
    placeInOrder(
      this.#body,
      [...this.#rows.values()].map(({ node }) => node),
    );
  }

  /** @param {{ readonly all: number, readonly wanted: number, readonly drawn: number }} counts */
  #tellShown({ all, wanted, drawn }) {
    setAttribute(this.#empty, "hidden", all > 0 || this.#set.about?.role === "follower");
    setAttribute(this.#tools.node, "hidden", all === 0);
    setAttribute(this.#table, "hidden", wanted === 0);
    setAttribute(this.#more, "hidden", drawn === wanted);
    setText(this.#more, `Show ${Math.min(rowsAtOnce, wanted - drawn)} more`);
    const order = (orders[this.#choice.order] ?? orders[defaultOrder])?.label.toLowerCase();
    const few =
      wanted === all ? pluralText(all, "autoscaler") : `${wanted} of ${pluralText(all, "autoscaler")}`;
    setText(
      this.#shown,
      all === 0 ? "" : wanted === 0 ? "No autoscaler fits the filter." : `${few}, ${order}`,
    );
  }
}

/**
 * Makes `nodes` the children of `parent`, moving only what is out of place, and keeps the focus where it is.
 * @param {HTMLElement} parent
 * @param {readonly HTMLElement[]} nodes
 */
function placeInOrder(parent, nodes) {
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  let place = parent.firstElementChild;
  for (const node of nodes) {
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  if (focused instanceof HTMLElement && focused !== document.activeElement)
    focused.focus({ preventScroll: true });
}
