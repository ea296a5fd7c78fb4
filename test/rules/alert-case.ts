import { QUEUE, type Samples, SUBJECT, type World } from "./worlds.ts";

export type AlertCase = {
  readonly alert: string;
  /** What differs from a healthy world. */
  readonly fires: World;
  /** Of the alert that fires, beside alertname and severity. */
  readonly labels: Readonly<Record<string, string>>;
  /** By what they are like: worlds close to the one that fires, in which it must not. */
  readonly quiet: Readonly<Record<string, World>>;
  /** Minutes until it fires at the latest, and those at the earliest. */
  readonly byMinute: number;
  readonly notBeforeMinute?: number;
  /** Of scrapes and evaluations; more for windows of days. */
  readonly stepMinutes?: number;
  /** After all series are gone; default 15, more where a window is longer. */
  readonly clearsWithinMinutes?: number;
  /** When all series are gone: an alert about their absence fires then. */
  readonly whenAllVanish?: "fires";
};

export const gauge = (value: number): Samples => ({ gauge: value });
export const perMinute = (value: number): Samples => ({ perMinute: value });
/** Labels of an alert about a queue. */
export const queue = { ...SUBJECT, ...QUEUE };
export const paused: World = { millrace_autoscaler_paused: gauge(1) };
