import type { Autoscaler } from "./autoscaler.ts";
import { BoundedRead } from "./bounded-read.ts";
import type { Fleet, FleetObservation, ScaleChange, ScaleOutcome } from "./ports.ts";

/** The fleet with a deadline on every question, each autoscaler for itself. */
export class FleetAccess {
  readonly #fleet: Fleet;
  readonly #deadlineMs: number;
  readonly #observations = new WeakMap<Autoscaler, BoundedRead<FleetObservation>>();

  readonly #protections = new WeakMap<Autoscaler, BoundedRead<void>>();

  constructor(fleet: Fleet, { deadlineMs }: { readonly deadlineMs: number }) {
    this.#fleet = fleet;
    this.#deadlineMs = deadlineMs;
  }

  async observeAll(autoscalers: readonly Autoscaler[]): Promise<ReadonlyMap<Autoscaler, FleetObservation>> {
    const observed = await Promise.all(
      autoscalers.map(async (autoscaler) => [autoscaler, await this.observe(autoscaler)] as const),
    );
    return new Map(observed);
  }

  async observe(autoscaler: Autoscaler): Promise<FleetObservation> {
    const bounded = this.#observations.get(autoscaler) ?? new BoundedRead<FleetObservation>();
    this.#observations.set(autoscaler, bounded);
    const { answer, because } = await this.#ask(bounded, (signal) =>
      this.#fleet.observe(autoscaler.target, signal),
    );
    return answer ?? { kind: "unknown", because };
  }

  async scale(autoscaler: Autoscaler, change: ScaleChange): Promise<ScaleOutcome> {
    const { answer, because } = await this.#ask(new BoundedRead<ScaleOutcome>(), (signal) =>
      this.#fleet.scaleTo(autoscaler.target, change, signal),
    );
    return answer ?? { kind: "failed", because };
  }

  /** Where the fleet keeps busy replicas from being moved. One call at a time for each autoscaler; the next look tries again. */
  async protect(autoscaler: Autoscaler, busy: readonly string[]): Promise<void> {
    const fleet = this.#fleet;
    if (fleet.protect === undefined) return;
    const bounded = this.#protections.get(autoscaler) ?? new BoundedRead<void>();
    this.#protections.set(autoscaler, bounded);
    await this.#ask(
      bounded,
      (signal) => fleet.protect?.(autoscaler.target, busy, signal) ?? Promise.resolve(),
    );
  }

  async #ask<T>(
    bounded: BoundedRead<T>,
    ask: (signal: AbortSignal) => Promise<T>,
  ): Promise<{ readonly answer: T | undefined; readonly because: string }> {
    let because = "no answer";
    const answer = await bounded.read(ask, {
      deadlineMs: this.#deadlineMs,
      onProblem: (problem) => {
        because = problem;
      },
    });
    return { answer, because };
  }
}
