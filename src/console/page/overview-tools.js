import { button, element, setAttribute, setText } from "./element.js";
import { defaultOrder, orders } from "./overview-order.js";
import { verdictMark, verdicts, verdictWords } from "./wording.js";

/**
 * @typedef {import("./route.js").Choice} Choice
 * @typedef {import("./wording.js").PromiseVerdict} PromiseVerdict
 */

/** Narrows the overview by verdict and by text, and orders it. */
export class OverviewTools {
  #onChoice;
  /** @type {Choice} */
  #choice = { text: "", verdict: "", order: "" };
  #text = element("input", {
    type: "search",
    placeholder: "Filter by name, namespace, target",
    "aria-label": "Filter by name, namespace, target",
    spellcheck: "false",
    autocomplete: "off",
  });
  #order = element(
    "select",
    { "aria-label": "Order" },
    ...Object.entries(orders).map(([value, { label }]) => element("option", { value }, label)),
  );
  /** @type {ReadonlyMap<PromiseVerdict, { readonly press: HTMLButtonElement, readonly count: HTMLElement }>} */
  #verdicts = new Map(verdicts.map((verdict) => [verdict, this.#verdictButton(verdict)]));

  /** @param {(choice: Choice) => void} onChoice */
  constructor(onChoice) {
    this.#onChoice = onChoice;
    this.#text.addEventListener("input", () => this.#change({ text: this.#text.value }));
    this.#order.addEventListener("change", () =>
      this.#change({ order: this.#order.value === defaultOrder ? "" : this.#order.value }),
    );
    this.node = element(
      "div",
      { class: "tools", hidden: true },
      element(
        "div",
        { class: "verdicts", role: "group", "aria-label": "Show only" },
        ...[...this.#verdicts.values()].map(({ press }) => press),
      ),
      this.#text,
      this.#order,
    );
  }

  /** @param {Choice} choice */
  show(choice) {
    this.#choice = choice;
    if (this.#text.value !== choice.text) this.#text.value = choice.text;
    this.#order.value = choice.order in orders ? choice.order : defaultOrder;
    for (const [verdict, { press }] of this.#verdicts)
      setAttribute(press, "aria-pressed", String(choice.verdict === verdict));
  }

  /** @param {ReadonlyMap<PromiseVerdict, number>} counts */
  count(counts) {
    for (const [verdict, { press, count }] of this.#verdicts) {
      const number = counts.get(verdict) ?? 0;
      setText(count, String(number));
      setAttribute(press, "data-none", number === 0);
    }
  }

  /** @param {Partial<Choice>} part */
  #change(part) {
    this.show({ ...this.#choice, ...part });
    this.#onChoice(this.#choice);
  }

  /** @param {PromiseVerdict} verdict */
  #verdictButton(verdict) {
    const count = element("span", { class: "count" }, "0");
    const press = button(
      { class: "chip", "data-verdict": verdict, "aria-pressed": "false" },
      verdictMark(verdict),
      () => this.#change({ verdict: this.#choice.verdict === verdict ? "" : verdict }),
    );
    press.append(verdictWords[verdict], count);
    return { press, count };
  }
}
