import { randomBytes } from "node:crypto";
import type { Logger } from "../../kit/src/logger.ts";
import type { WorkerAutoscalerStatus } from "../resource/worker-autoscaler-status.ts";
import { workerAutoscalers } from "./autoscaler-source.ts";
import type { ClusterClient } from "./cluster-client.ts";
import { hasCode, KubernetesError, type KubernetesErrorCode } from "./errors.ts";
import { eventDocument, type Occurrence, type Regarded } from "./event-document.ts";
import { WriteQueue } from "./write-queue.ts";

export type JournalWriterDeps = {
  readonly client: Pick<ClusterClient, "patch" | "create">;
  /** Of this operator, in its Events. */
  readonly identity: string;
  readonly logger: Logger;
};

const events = { group: "events.k8s.io", version: "v1", plural: "events" };
const deadlineMs = 5_000;
/** Namespaces of which refusals are remembered. */
const mostRefusals = 20;
/** Trying again may help; any other refusal stays one. */
const passing: ReadonlySet<KubernetesErrorCode> = new Set([
  "busy",
  "unreachable",
  "timeout",
  "conflict",
  "unauthorized",
]);

/** Writes statuses and Events, each once, in the background: the newest status of an object wins, an Event may be lost. */
export class JournalWriter {
  readonly #deps: JournalWriterDeps;
  readonly #queue: WriteQueue;
  readonly #problems = new Set<string>();
  /** What was refused last, by what was to be written where; gone when one is written there. */
  readonly #refused = new Map<string, string>();

  constructor(deps: JournalWriterDeps) {
    this.#deps = deps;
    this.#queue = new WriteQueue({
      onFailure: (cause) => this.#note(cause),
      isOwn: (cause) => hasCode(cause, "forbidden"),
    });
  }

  /** Replaces the whole status, unless the object was replaced by another of the same name. */
  putStatus({ namespace, name, uid }: Regarded, status: WorkerAutoscalerStatus): void {
    const path = { resource: workerAutoscalers, namespace, name, subresource: "status" };
    const operations = [
      ...(uid === undefined ? [] : [{ op: "test", path: "/metadata/uid", value: uid } as const]),
      { op: "add", path: "/status", value: status } as const,
    ];
    this.#put(`status ${namespace}/${name}`, {
      what: `status ${namespace}`,
      isLosable: false,
      run: (signal) => this.#deps.client.patch(path, operations, { signal, timeoutMs: deadlineMs }),
    });
  }

  putEvent(regarded: Regarded, occurrence: Occurrence): void {
    const suffix = randomBytes(8).toString("hex");
    const body = eventDocument(regarded, occurrence, { instance: this.#deps.identity, suffix });
    const path = { resource: events, namespace: regarded.namespace };
    this.#put(`event ${suffix}`, {
      what: `event ${regarded.namespace}`,
      isLosable: true,
      run: (signal) => this.#deps.client.create(path, body, { signal, timeoutMs: deadlineMs }),
    });
  }

  /** Statuses or Events that the API server refuses to take, each with the remedy. */
  get refusals(): readonly string[] {
    return [...this.#refused.values()];
  }

  clear(): void {
    this.#queue.clear();
  }

  drain(withinMs: number): Promise<void> {
    return this.#queue.drain(withinMs);
  }

  #put(
    key: string,
    write: { what: string; isLosable: boolean; run: (signal: AbortSignal) => Promise<unknown> },
  ): void {
    const { what, isLosable, run } = write;
    this.#queue.put(key, {
      isLosable,
      run: async (signal) => {
        try {
          await run(signal);
          this.#problems.clear();
          this.#refused.delete(what);
        } catch (cause) {
          if (hasCode(cause, "forbidden")) this.#refuse(what, messageOf(cause));
          if (!(cause instanceof KubernetesError) || passing.has(cause.code)) throw cause;
          // A role can be put right, and then the status must not be missing; Events without a right to them are no loss.
          if (cause.code === "forbidden" && !isLosable) throw cause;
          // The object is gone, or the cluster refuses it for good.
          if (cause.code !== "not-found" && cause.code !== "aborted") this.#note(cause);
        }
      },
    });
  }

  #refuse(what: string, because: string): void {
    if (this.#refused.has(what) || this.#refused.size < mostRefusals) this.#refused.set(what, because);
  }

  /** Once, until something was written. */
  #note(cause: unknown): void {
    const problem = messageOf(cause);
    if (this.#problems.has(problem) || this.#problems.size >= 100) return;
    this.#problems.add(problem);
    this.#deps.logger.warn({ problem }, "status or Event could not be written");
  }
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
