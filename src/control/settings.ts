import type { FallbackSpec, ScheduleSpec, Spec } from "./contract.ts";
import { SpecError } from "./spec-error.ts";

/** The spec with its defaults filled in and its ranges checked. Seconds, replicas. */
export type Settings = {
  readonly waitSeconds: number;
  readonly attainmentRatio: number;
  readonly min: number;
  readonly max: number;
  readonly slotsPerReplica: number | undefined;
  readonly expectedServiceSeconds: number | undefined;
  readonly staleAfterSeconds: number;
  readonly scaleInEnabled: boolean;
  readonly scaleInMaxStep: number;
  /** undefined: the policy's own, from the start-up time. */
  readonly holdSeconds: number | undefined;
  /** undefined: as the hold. */
  readonly toZeroAfterSeconds: number | undefined;
  readonly idleOnly: boolean;
  readonly scaleOutEnabled: boolean;
  readonly scaleOutMaxStep: number;
  readonly paused: { readonly replicas?: number } | undefined;
  readonly schedules: readonly ScheduleSpec[];
  readonly floor: { readonly replicas: number; readonly because: string } | undefined;
  readonly fallback: FallbackSpec | undefined;
};

const DEFAULT_STALE_AFTER_SECONDS = 30;
const DEFAULT_ATTAINMENT_RATIO = 0.95;

const above = (low: number) => (value: number) => Number.isFinite(value) && value > low;
const atLeast = (low: number) => (value: number) => Number.isFinite(value) && value >= low;
const wholeFrom = (low: number) => (value: number) => Number.isSafeInteger(value) && value >= low;
const insideUnit = (value: number) => value > 0 && value < 1;

type Check = readonly [
  field: string,
  value: number | undefined,
  holds: (value: number) => boolean,
  want: string,
];

const FALLBACK_BEHAVIORS: readonly string[] = ["Hold", "Max", "Static", "AtLeast", "AtMost"];

const fallbackChecks = (fallback: FallbackSpec): readonly Check[] => [
  ["fallback.afterSeconds", fallback.afterSeconds, atLeast(0), "at least 0"],
  [
    "fallback.replicas",
    "replicas" in fallback ? fallback.replicas : 0,
    wholeFrom(0),
    "a whole number from 0",
  ],
];

const checks = (spec: Spec): readonly Check[] => {
  const { objective, replicas, scaleIn, scaleOut, paused, floor } = spec;
  return [
    ["objective.waitSeconds", objective.waitSeconds, above(0), "above 0"],
    ["objective.attainmentRatio", objective.attainmentRatio, insideUnit, "between 0 and 1, both excluded"],
    ["replicas.min", replicas.min, wholeFrom(0), "a whole number from 0"],
    ["replicas.max", replicas.max, wholeFrom(0), "a whole number from 0"],
    ["slotsPerReplica", spec.slotsPerReplica, wholeFrom(1), "a whole number from 1"],
    ["expectedServiceSeconds", spec.expectedServiceSeconds, above(0), "above 0"],
    ["staleAfterSeconds", spec.staleAfterSeconds, above(0), "above 0"],
    ["scaleIn.holdSeconds", scaleIn?.holdSeconds, atLeast(0), "at least 0"],
    ["scaleIn.toZeroAfterSeconds", scaleIn?.toZeroAfterSeconds, atLeast(0), "at least 0"],
    ["scaleIn.maxStep", scaleIn?.maxStep, wholeFrom(1), "a whole number from 1"],
    ["scaleOut.maxStep", scaleOut?.maxStep, wholeFrom(1), "a whole number from 1"],
    ["paused.replicas", paused?.replicas, wholeFrom(0), "a whole number from 0"],
    ["floor.replicas", floor?.replicas, atLeast(0), "at least 0"],
    ...(spec.schedules ?? []).map(
      (schedule, i): Check => [
        `schedules[${i}].minReplicas`,
        schedule.minReplicas,
        wholeFrom(0),
        "a whole number from 0",
      ],
    ),
    ...(spec.fallback === undefined ? [] : fallbackChecks(spec.fallback)),
  ];
};

const REQUIRED: readonly string[] = ["objective.waitSeconds", "replicas.min", "replicas.max"];

const problemsOf = (spec: Spec): readonly string[] => {
  const problems = checks(spec)
    .filter(([field, value, holds]) => (value === undefined ? REQUIRED.includes(field) : !holds(value)))
    .map(([field, value, , want]) => `${field}: expected ${want}, got ${String(value)}`);
  if (spec.replicas.min > spec.replicas.max) {
    problems.push(
      `replicas.min: expected at most replicas.max (${spec.replicas.max}), got ${spec.replicas.min}`,
    );
  }
  if (spec.fallback !== undefined && !FALLBACK_BEHAVIORS.includes(spec.fallback.behavior)) {
    problems.push(
      `fallback.behavior: expected one of ${FALLBACK_BEHAVIORS.join(", ")}, got ${spec.fallback.behavior}`,
    );
  }
  return problems;
};

const scaleInSettings = ({ scaleIn }: Spec) => ({
  scaleInEnabled: scaleIn?.enabled ?? true,
  scaleInMaxStep: scaleIn?.maxStep ?? Number.MAX_SAFE_INTEGER,
  holdSeconds: scaleIn?.holdSeconds,
  toZeroAfterSeconds: scaleIn?.toZeroAfterSeconds,
  idleOnly: scaleIn?.idleOnly ?? false,
});

/** Checks the spec and fills in its defaults. Throws a SpecError that lists every field out of range. */
export const settingsOf = (spec: Spec): Settings => {
  const problems = problemsOf(spec);
  if (problems.length > 0) throw new SpecError(problems);
  const { scaleOut } = spec;
  return {
    waitSeconds: spec.objective.waitSeconds,
    attainmentRatio: spec.objective.attainmentRatio ?? DEFAULT_ATTAINMENT_RATIO,
    min: spec.replicas.min,
    max: spec.replicas.max,
    slotsPerReplica: spec.slotsPerReplica,
    expectedServiceSeconds: spec.expectedServiceSeconds,
    staleAfterSeconds: spec.staleAfterSeconds ?? DEFAULT_STALE_AFTER_SECONDS,
    ...scaleInSettings(spec),
    scaleOutEnabled: scaleOut?.enabled ?? true,
    scaleOutMaxStep: scaleOut?.maxStep ?? Number.MAX_SAFE_INTEGER,
    paused: spec.paused,
    schedules: spec.schedules ?? [],
    floor: spec.floor,
    fallback: spec.fallback,
  };
};
