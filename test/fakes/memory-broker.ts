import type {
  BrokerBlock,
  BrokerSample,
  BrokerSource,
  BrokerWants,
  PatternMatch,
  QueuePattern,
  QueueRef,
} from "../../src/operator/ports.ts";

const maxMatched = 100;

/** One broker named `default` in memory, with many queues. */
export class MemoryBroker implements BrokerSource {
  /** What was asked for, question by question. */
  readonly reads: (readonly string[])[] = [];
  /** Set: the broker cannot be reached, for this reason. */
  awayBecause: string | undefined;
  /** Set: the broker's lists cannot be had, for this reason. */
  listsUnknownBecause: string | undefined;
  readonly #queues = new Map<string, QueueRef & { readonly block: BrokerBlock }>();

  declare(name: string, block: Partial<BrokerBlock> = {}, vhost = "/"): QueueRef {
    const ref = { key: `default/${vhost}/${name}`, broker: "default", vhost, name };
    const known = { ageSeconds: 0, epoch: "1", ready: 0, unacked: 0, consumers: 0, ...block };
    this.#queues.set(ref.key, { ...ref, block: known });
    return ref;
  }

  /** The queue in vhost / is now as this block says, and nothing else is known of it. */
  replace(name: string, block: BrokerBlock): void {
    const ref = { key: `default///${name}`, broker: "default", vhost: "/", name };
    this.#queues.set(ref.key, { ...ref, block });
  }

  delete({ key }: QueueRef): void {
    this.#queues.delete(key);
  }

  publish({ key }: QueueRef, messages: number): void {
    const queue = this.#queues.get(key);
    if (queue === undefined) throw new Error(`${key} was not declared`);
    this.#queues.set(key, { ...queue, block: { ...queue.block, ready: queue.block.ready + messages } });
  }

  read(refs: readonly QueueRef[], _signal?: AbortSignal, wanted: BrokerWants = {}): Promise<BrokerSample> {
    this.reads.push(refs.map(({ key }) => key));
    const { awayBecause } = this;
    if (awayBecause !== undefined) {
      const away = new Map(refs.map(({ key }) => [key, awayBecause]));
      return Promise.resolve({ queues: new Map(), unknown: away, problem: awayBecause });
    }
    const unknown = new Map<string, string>();
    const queues = new Map<string, BrokerBlock>();
    for (const { key, name, vhost } of refs) {
      const block = this.#queues.get(key)?.block;
      if (block !== undefined) queues.set(key, block);
      else
        unknown.set(key, `queue ${name} in vhost ${vhost} does not exist: declare it, or correct the name`);
    }
    const holders = new Map([["default", { ageSeconds: 0, unackedByAddress: new Map<string, number>() }]]);
    return Promise.resolve({
      queues,
      unknown,
      ...(wanted.holdersOf?.has("default") === true && { holders }),
    });
  }

  match(patterns: readonly QueuePattern[]): ReadonlyMap<string, PatternMatch> {
    return new Map(patterns.map((pattern) => [pattern.key, this.#matchOne(pattern)]));
  }

  #matchOne({ vhost, pattern }: QueuePattern): PatternMatch {
    if (this.listsUnknownBecause !== undefined) return { kind: "unknown", because: this.listsUnknownBecause };
    const expression = new RegExp(pattern, "u");
    const names = [...this.#queues.values()]
      .filter((queue) => queue.vhost === vhost && expression.test(queue.name))
      .map(({ name }) => name)
      .toSorted();
    if (names.length > maxMatched) return { kind: "too-many", count: names.length };
    return { kind: "matched", names };
  }
}
