import type { ShownAutoscaler, ShownDecision } from "./operator-client.ts";
import { changesOf } from "./operator-client.ts";
import { promise } from "./promise.ts";

export type Frame = {
  readonly elapsedSeconds: number;
  readonly totalSeconds: number | undefined;
  readonly phase: string;
  readonly accepted: number;
  readonly settled: number;
  readonly autoscaler: ShownAutoscaler | undefined;
};

export type View = {
  /** A line that stays. */
  say(line: string): void;
  show(frame: Frame): void;
  /** The last frame stays on the screen; nothing is drawn after it. */
  end(): void;
};

type Output = { readonly isTTY?: boolean; readonly columns?: number; write(text: string): unknown };

const bar = (filled: number, width: number): string =>
  "█".repeat(Math.min(filled, width)) + "·".repeat(Math.max(0, width - filled));

const clock = (seconds: number): string => `${String(Math.floor(seconds)).padStart(4)} s`;

export const decisionLine = (decision: ShownDecision, startedAtMs: number): string =>
  `${clock((Date.parse(decision.time) - startedAtMs) / 1000)}  ${decision.from} → ${decision.to}  ${decision.explanation}`;

const stateLine = (frame: Frame): string => {
  const { replicas, estimate } = frame.autoscaler?.status ?? { replicas: {}, estimate: {} };
  const waiting = frame.autoscaler?.signals[0]?.broker?.ready;
  const rate = estimate.arrivalsPerSecond?.toFixed(1) ?? "?";
  const desired = replicas.desired ?? 0;
  return (
    `${clock(frame.elapsedSeconds)}  ${frame.phase.padEnd(10)}  workers ${bar(desired, promise.maxReplicas)} ` +
    `${replicas.ready ?? "?"} ready of ${desired}  waiting ${waiting ?? "?"}  arrivals ${rate}/s  accepted ${frame.accepted}  settled ${frame.settled}`
  );
};

/** One line a decision, and the state every five seconds. */
const plainView = (output: Output, startedAtMs: number): View => {
  let shown = 0;
  let lastStateSeconds = Number.NEGATIVE_INFINITY;
  return {
    say: (line) => void output.write(`${line}\n`),
    show(frame) {
      const changes = changesOf(frame.autoscaler);
      for (const decision of changes.slice(shown)) output.write(`${decisionLine(decision, startedAtMs)}\n`);
      shown = Math.max(shown, changes.length);
      if (frame.elapsedSeconds - lastStateSeconds < 5) return;
      lastStateSeconds = frame.elapsedSeconds;
      output.write(`${stateLine(frame)}\n`);
    },
    end() {},
  };
};

/** The state in place, with the last decisions above it. */
const liveView = (output: Output, startedAtMs: number): View => {
  let drawn = 0;
  const clear = (): void => {
    if (drawn > 0) output.write(`\u001B[${drawn}A\u001B[J`);
    drawn = 0;
  };
  return {
    say(line) {
      clear();
      output.write(`${line}\n`);
    },
    show(frame) {
      const width = (output.columns || 100) - 1; // a terminal may say 0, not knowing
      const decisions = changesOf(frame.autoscaler)
        .slice(-8)
        .map((decision) => decisionLine(decision, startedAtMs));
      const lines = [...decisions, "", stateLine(frame)].map((line) => line.slice(0, width));
      clear();
      output.write(`${lines.join("\n")}\n`);
      drawn = lines.length;
    },
    end() {
      drawn = 0;
    },
  };
};

/** A live picture on a terminal, plain lines elsewhere. */
export const createView = (output: Output, startedAtMs: number): View =>
  output.isTTY === true ? liveView(output, startedAtMs) : plainView(output, startedAtMs);
