import type { Spec } from "../control/contract.ts";
import { pauseOf } from "./pause.ts";
import type { WorkerAutoscaler, WorkerAutoscalerSpec } from "./worker-autoscaler.ts";

/** What holds now and does not stand in the resource. */
export type SpecInputs = {
  /** Names of the schedules that run now. */
  readonly activeSchedules: ReadonlySet<string>;
  /** The floor's expression as evaluated; undefined = unknown or not asked for. */
  readonly floor?: { readonly replicas: number; readonly because: string };
  /** An older block of readings counts as unknown. */
  readonly staleAfterSeconds?: number;
  /** The count is left alone although no annotation says so: it was set to zero by hand. */
  readonly hold?: boolean;
  /** A count raised by hand is respected: no scale-in for now. */
  readonly keepRaised?: boolean;
};

/** The control step's view of a resource at one moment. */
export function specOf(resource: WorkerAutoscaler, inputs: SpecInputs): Spec {
  const { spec } = resource;
  const pause = pauseOf(resource.metadata.annotations);
  const paused = pause.paused ?? (inputs.hold ? {} : undefined);
  return {
    objective: { waitSeconds: spec.objective.waitSeconds, attainmentRatio: spec.objective.attainmentRatio },
    replicas: spec.replicas,
    ...given({
      slotsPerReplica: spec.slotsPerReplica,
      expectedServiceSeconds: spec.expectedServiceSeconds,
      staleAfterSeconds: inputs.staleAfterSeconds,
      paused,
      floor: inputs.floor,
      fallback: fallbackOf(spec.fallback),
      scaleIn: given({ ...spec.scaleIn, ...((pause.scaleIn || inputs.keepRaised) && { enabled: false }) }),
      scaleOut: given({ ...spec.scaleOut, ...(pause.scaleOut && { enabled: false }) }),
    }),
    schedules: spec.schedules.map((schedule) => ({
      name: schedule.name,
      active: inputs.activeSchedules.has(schedule.name),
      minReplicas: schedule.minReplicas,
    })),
  };
}

/** A queue that is named in a resource. */
export type NamedQueue = {
  readonly key: string;
  readonly broker: string;
  readonly vhost: string;
  readonly name: string;
};

/** The named queues of a resource with their stricter objectives; `key` is `broker/vhost/name`. Patterns are not among them. */
export function queuesOf(
  spec: WorkerAutoscalerSpec,
): readonly { readonly ref: NamedQueue; readonly waitSeconds?: number }[] {
  return spec.queues.flatMap(({ name, vhost, waitSeconds }) => {
    if (name === undefined) return [];
    const ref = { key: `${spec.broker}/${vhost}/${name}`, broker: spec.broker, vhost, name };
    return [waitSeconds === undefined ? { ref } : { ref, waitSeconds }];
  });
}

function fallbackOf(fallback: WorkerAutoscalerSpec["fallback"]): Spec["fallback"] {
  if (fallback === undefined) return undefined;
  const { afterSeconds, behavior } = fallback;
  if (behavior === "Hold" || behavior === "Max") return { afterSeconds, behavior };
  return { afterSeconds, behavior, replicas: fallback.replicas ?? 0 };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Drops what is undefined: an absent option and one that is present but undefined are not the same to the control step. */
function given<T extends object>(values: T): Given<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.entries forgets the keys; nothing but undefined values was dropped
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;
}
