import { element, setText } from "./element.js";
import { countText, durationText, pluralText, replicasText } from "./format.js";

/** @typedef {import("../contract.ts").QueueSignal} QueueSignal */

/** What the broker and the workers say of each queue, and how old that is by now. */
export class QueueList {
  #list = element("ul", { class: "queue-list" });
  #receivedMs = 0;
  /** @type {readonly { readonly ageSeconds: number, readonly cell: HTMLElement }[]} */
  #ages = [];

  constructor() {
    this.node = element(
      "section",
      { class: "queues", "aria-labelledby": "queues-heading" },
      element("h2", { id: "queues-heading" }, "Queues"),
      this.#list,
    );
  }

  /** @param {readonly QueueSignal[]} signals */
  update(signals) {
    this.#receivedMs = performance.now();
    const drawn = signals.map(itemOf);
    this.#ages = drawn.flatMap(({ ages }) => ages);
    this.#list.replaceChildren(
      ...(drawn.length === 0
        ? [element("li", { class: "quiet-text" }, "Nothing is known of the queues.")]
        : drawn.map(({ node }) => node)),
    );
    this.tick();
  }

  tick() {
    const since = (performance.now() - this.#receivedMs) / 1_000;
    for (const { ageSeconds, cell } of this.#ages)
      setText(cell, `${durationText(Math.round(ageSeconds + since))} old`);
  }
}

/** @param {QueueSignal} signal */
function itemOf({ id, queue, waitSeconds, broker, workers }) {
  const lines = [
    broker === undefined
      ? lineOf("Broker", "not known")
      : lineOf("Broker", brokerText(broker), broker.ageSeconds),
    workers === undefined
      ? lineOf("Workers", "not known")
      : lineOf(
          "Workers",
          `${replicasText(workers.running)} running on ${pluralText(workers.reportingReplicas, "replica")}`,
          workers.ageSeconds,
        ),
  ];
  const own =
    waitSeconds === undefined ? undefined : element("p", {}, `Promised within ${durationText(waitSeconds)}.`);
  return {
    node: element(
      "li",
      {},
      element("h3", { title: id }, queue?.name ?? id),
      queue === undefined || queue.vhost === "/" ? undefined : element("p", {}, `In vhost ${queue.vhost}.`),
      own,
      ...lines.map(({ node }) => node),
    ),
    ages: lines.flatMap(({ ages }) => ages),
  };
}

/** @param {NonNullable<QueueSignal["broker"]>} broker */
const brokerText = ({ ready, unacked, consumers }) =>
  [
    `${countText(ready)} ready`,
    unacked === undefined ? "unacked not known" : `${countText(unacked)} unacked`,
    consumers === undefined ? "consumers not known" : pluralText(consumers, "consumer"),
  ].join(", ");

/**
 * @param {string} source
 * @param {string} text
 * @param {number} [ageSeconds]
 */
function lineOf(source, text, ageSeconds) {
  const cell = element("span", { class: "age" });
  return {
    node: element("p", {}, element("span", { class: "source" }, `${source}: `), text, " ", cell),
    ages: ageSeconds === undefined ? [] : [{ ageSeconds, cell }],
  };
}
