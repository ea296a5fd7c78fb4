import { silentLogger } from "../../kit/src/logger.ts";
import type { Service } from "../../kit/src/service.ts";
import type { Fleet, FleetObservation, ScaleChange, ScaleOutcome, TargetRef } from "../operator/ports.ts";
import { protectBusy } from "./busy-protection.ts";
import type { ClusterClient } from "./cluster-client.ts";
import { createFleetMetrics } from "./fleet-metrics.ts";
import { checkFleetOptions, type KubernetesFleetOptions } from "./fleet-options.ts";
import { observeWorkload, readyReplicas } from "./observe-workload.ts";
import { OtherScalers } from "./other-scalers.ts";
import { type ScaleOf, writeScale } from "./scale.ts";
import { type ScaleInParts, shrinkByVictims } from "./scale-in.ts";
import { TargetMemories } from "./target-memory.ts";
import { VictimChecks } from "./victim-checks.ts";
import { VictimMarks } from "./victim-marks.ts";
import { WorkloadReader } from "./workload-reader.ts";

/**
 * A Fleet over anything with a scale subresource.
 *
 * Kinds are watched from the first time that a target needs them, so there is nothing to start; `stop()` ends the watches
 * and leaves the client open.
 */
export const createKubernetesFleet = (options: KubernetesFleetOptions): Fleet & Service =>
  new KubernetesFleet(options);

class KubernetesFleet implements Fleet, Service {
  readonly #client: ClusterClient;
  readonly #namespaces: readonly string[] | undefined;
  readonly #nowMs: () => number;
  readonly #workloads: WorkloadReader;
  readonly #scalers: OtherScalers;
  readonly #scaleIn: ScaleInParts;
  readonly #memories = new TargetMemories();
  #isStopped = false;
  readonly protect?: NonNullable<Fleet["protect"]>;

  constructor(options: KubernetesFleetOptions) {
    const { client, namespaces, timing, nowMs = Date.now, logger = silentLogger } = options;
    const { staleAfterMs } = checkFleetOptions(options);
    this.#client = client;
    this.#namespaces = namespaces;
    this.#nowMs = nowMs;
    const metrics = createFleetMetrics(options.registry, () => this.#caches());
    const common = {
      client,
      nowMs,
      logger,
      staleAfterMs,
      onLost: metrics.watchFailed,
      ...(namespaces === undefined ? {} : { namespaces }),
      timing: { nowMs, ...timing },
    };
    this.#workloads = new WorkloadReader(common);
    this.#scalers = new OtherScalers(common);
    const checks = new VictimChecks(metrics.victims, logger);
    this.#workloads.onPod((change) => checks.note(change));
    this.#scaleIn = {
      client,
      workloads: this.#workloads,
      marks: new VictimMarks(client, logger),
      checks,
      metrics,
    };
    if (options.protectBusyPods === true)
      this.protect = (target, busy, signal) => this.#protect(target, busy, signal);
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#scaleIn.checks.stop();
    await Promise.all(this.#caches().map((cache) => cache.stop()));
  }

  async observe(target: TargetRef, signal: AbortSignal): Promise<FleetObservation> {
    const because = this.#whyNot(target);
    if (because !== undefined) return { kind: "unknown", because };
    try {
      const [read, owner] = await Promise.all([
        this.#workloads.read(target, signal),
        this.#scalers.ownerOf(target, signal),
      ]);
      if (read.kind === "unknown") return read;
      if (owner.kind === "unknown") return owner;
      const { workload } = read;
      return {
        ...observeWorkload(workload, this.#memories.of(target), this.#nowMs()),
        ...(this.protect !== undefined && { replicas: readyReplicas(workload) }),
        ...(owner.kind === "owned" && { owner: owner.owner }),
      };
    } catch (error) {
      return { kind: "unknown", because: textOf(error) };
    }
  }

  async scaleTo(target: TargetRef, change: ScaleChange, signal: AbortSignal): Promise<ScaleOutcome> {
    const because =
      this.#whyNot(target) ??
      (Number.isInteger(change.to) && change.to >= 0 ? undefined : `not a replica count: ${change.to}`);
    if (because !== undefined) return { kind: "failed", because };
    try {
      const found = await this.#workloads.resource(target, signal);
      if (found.kind === "missing") return { kind: "failed", because: found.because };
      return await this.#change({ target, resource: found.resource }, change, signal);
    } catch (error) {
      return { kind: "failed", because: textOf(error) };
    }
  }

  async #change(of: ScaleOf, change: ScaleChange, signal: AbortSignal): Promise<ScaleOutcome> {
    const memory = this.#memories.of(of.target);
    const { from, to, victims = [] } = change;
    if (to < from && to > 0 && victims.length > 0) {
      const read = await this.#workloads.read(of.target, signal);
      // Without a fresh view nobody could say whether the chosen ones still are what they were chosen for.
      if (read.kind === "unknown") return { kind: "failed", because: read.because };
      const { workload } = read;
      if (workload.choosesByCost && !workload.isRollingOut)
        return shrinkByVictims(this.#scaleIn, {
          of,
          workload,
          memory,
          signal,
          change: { ...change, victims },
        });
    }
    const write = await writeScale(this.#client, of, { from, to, signal });
    if (write.kind === "conflict") return write;
    this.#workloads.noteScale(of.target, write.scale);
    memory.noteWritten(write.scale);
    return { kind: "scaled" };
  }

  async #protect(target: TargetRef, busy: readonly string[], signal: AbortSignal): Promise<void> {
    if (this.#whyNot(target) !== undefined) return;
    const memory = this.#memories.of(target);
    try {
      const read = await this.#workloads.read(target, signal);
      if (read.kind === "unknown") return; // observe() says so
      const { pods } = read.workload;
      memory.say("protection", await protectBusy(this.#client, pods, { busy: new Set(busy), signal }));
    } catch (error) {
      memory.say("protection", `Busy pods could not be kept from node consolidation: ${textOf(error)}`);
    }
  }

  #whyNot({ namespace }: TargetRef): string | undefined {
    if (this.#isStopped) return "the fleet is stopped";
    if (this.#namespaces?.includes(namespace) === false)
      return `The operator does not watch namespace ${namespace}: add it to the namespaces it is installed for.`;
    return undefined;
  }

  #caches() {
    return [...this.#workloads.caches, ...this.#scalers.caches];
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
