import { button, element, setAttribute, setText } from "./element.js";
import { countText } from "./format.js";
import { DecisionItem } from "./decision-item.js";

/**
 * @typedef {import("../contract.ts").Decision} Decision
 * @typedef {import("../contract.ts").Detail} Detail
 */

/** Decisions of a page; only one page is drawn at a time, however long the history. */
export const decisionsPerPage = 25;

/** The decisions, newest first, page by page. The newest page goes on by itself, an older one stays as it is. */
export class DecisionList {
  #readOlder;
  #list = element("ol", { class: "decisions" });
  #place = element("span", { class: "place" });
  #newest = button({ class: "quiet" }, "Newest", () => this.#goNewest());
  #older = button({ class: "quiet" }, "Older", () => void this.#goOlder());
  #problem = element("p", { class: "remark", role: "alert" });
  /** By sequence number and time, as numbers begin again with the operator. @type {Map<string, { readonly item: DecisionItem, readonly seq: number }>} */
  #items = new Map();
  /** The newest page as last told. @type {Pick<Detail, "decisions" | "decisionCount" | "serverTime"> | undefined} */
  #latest;
  /** How many decisions are newer than the page shown; 0 on the newest. */
  #newer = 0;

  /** @param {(before: number) => Promise<Detail>} readOlder */
  constructor(readOlder) {
    this.#readOlder = readOlder;
    this.node = element(
      "section",
      { class: "timeline", "aria-labelledby": "decisions-heading" },
      element("header", {}, element("h2", { id: "decisions-heading" }, "Decisions"), this.#place),
      this.#list,
      this.#problem,
      element("nav", { class: "pages", "aria-label": "Pages of decisions" }, this.#newest, this.#older),
    );
  }

  /** @param {Detail} detail */
  update(detail) {
    this.#latest = detail;
    if (this.#newer === 0) this.#draw(detail);
    else this.#tellPlace(detail.decisionCount);
  }

  #goNewest() {
    this.#newer = 0;
    if (this.#latest !== undefined) this.#draw(this.#latest);
    this.#list.querySelector("summary")?.focus();
  }

  async #goOlder() {
    const oldest = [...this.#items.values()].at(-1)?.seq;
    if (oldest === undefined) return;
    setText(this.#problem, "");
    try {
      const shown = this.#items.size;
      const detail = await this.#readOlder(oldest);
      if (detail.decisions.length === 0) return;
      this.#newer += shown;
      this.#draw(detail);
      this.#list.querySelector("summary")?.focus();
    } catch (error) {
      setText(
        this.#problem,
        `Older decisions could not be read: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  /** @param {Pick<Detail, "decisions" | "decisionCount" | "serverTime">} page */
  #draw({ decisions, decisionCount, serverTime }) {
    const nowMs = Date.parse(serverTime);
    const before = this.#items;
    this.#items = new Map(
      decisions.map((decision) => {
        const key = `${decision.seq} ${decision.time}`;
        const item = before.get(key)?.item ?? new DecisionItem(decision, nowMs);
        item.update(decision);
        before.delete(key);
        return [key, { item, seq: decision.seq }];
      }),
    );
    for (const { item } of before.values()) item.node.remove();
    let place = this.#list.firstElementChild;
    for (const { item } of this.#items.values()) {
      if (item.node === place) place = place.nextElementSibling;
      else this.#list.insertBefore(item.node, place);
    }
    this.#tellPlace(decisionCount);
  }

  /** @param {number} count of all that are kept */
  #tellPlace(count) {
    const until = this.#newer + this.#items.size;
    setText(
      this.#place,
      count === 0
        ? "none yet"
        : `${countText(this.#newer + 1)} to ${countText(until)} of ${countText(Math.max(count, until))}, newest first`,
    );
    setAttribute(this.#older, "disabled", until >= count);
    setAttribute(this.#newest, "disabled", this.#newer === 0);
    setAttribute(this.node, "data-paged", count > decisionsPerPage);
  }
}
