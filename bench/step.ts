import { performance } from "node:perf_hooks";
import type { Readings, Spec } from "../src/control/contract.ts";
import { type ControlState, durable, step } from "../src/control/step.ts";
import { exponentialService, QueueSimulation } from "../src/control/testing/queue-simulation.ts";

/**
 * Microseconds a call of the control step takes over a realistic sequence (two hours of uneven load in cycles of 2 s,
 * recorded first), for one queue and for ten, against a reference computation timed in the same run.
 */

const SPEC: Spec = { objective: { waitSeconds: 10, attainmentRatio: 0.95 }, replicas: { min: 0, max: 200 } };
const CYCLE_SECONDS = 2;
const CYCLES = 3600;
const ROUNDS = 3;
const REFERENCE_EXPONENTIALS = 1000;

const recorded = (): readonly Readings[] => {
  const simulation = new QueueSimulation({
    arrivals: (t) => 8 * (1 + 0.6 * Math.sin(t / 400)) * (t % 900 < 60 ? 3 : 1),
    service: exponentialService(1.5),
    startupSeconds: 12,
    waitSeconds: 10,
    slots: 2,
    startReplicas: 8,
  });
  const sequence: Readings[] = [];
  let state: ControlState | undefined;
  for (let i = 0; i < CYCLES; i += 1) {
    const readings = simulation.readings();
    sequence.push(readings);
    const result = step(SPEC, state, readings, simulation.t * 1000);
    state = result.state;
    simulation.scaleTo(result.verdict.to);
    simulation.run(CYCLE_SECONDS);
  }
  return sequence;
};

/** The same load, split over so many queues. */
const split = (readings: Readings, queues: number): Readings => {
  const [queue] = readings.queues;
  if (queue === undefined) return readings;
  const part = (count: number): number => Math.floor(count / queues);
  const { broker, workers } = queue;
  const one = {
    ...(broker === undefined ? {} : { broker: { ...broker, ready: part(broker.ready) } }),
    ...(workers === undefined
      ? {}
      : {
          workers: {
            ...workers,
            running: part(workers.running),
            started: part(workers.started),
            finished: part(workers.finished),
            serviceSeconds: workers.serviceSeconds / queues,
          },
        }),
  };
  return {
    ...readings,
    queues: Array.from({ length: queues }, (_, i) => ({ id: `broker/vhost/jobs.${i}`, ...one })),
  };
};

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;

const round = (value: number): number => Math.round(value * 100) / 100;

const measure = (sequence: readonly Readings[]) => {
  const micros: number[] = [];
  let cpuMicros = 0;
  let stateBytes = 0;
  let durableBytes = 0;
  for (let pass = 0; pass < ROUNDS; pass += 1) {
    let state: ControlState | undefined;
    const cpu = process.cpuUsage();
    for (const [i, readings] of sequence.entries()) {
      const before = performance.now();
      const result = step(SPEC, state, readings, i * CYCLE_SECONDS * 1000);
      const spent = (performance.now() - before) * 1000;
      state = result.state;
      if (pass === 0) continue;
      micros.push(spent);
      if (i % 100 === 0) {
        stateBytes = Math.max(stateBytes, JSON.stringify(state).length);
        durableBytes = Math.max(durableBytes, JSON.stringify(durable(state)).length);
      }
    }
    const spent = process.cpuUsage(cpu);
    if (pass > 0) cpuMicros += spent.user + spent.system;
  }
  const mean = micros.reduce((sum, value) => sum + value, 0) / micros.length;
  micros.sort((a, b) => a - b);
  return {
    microsMean: round(mean),
    microsCpu: round(cpuMicros / micros.length),
    microsP50: round(percentile(micros, 0.5)),
    microsP99: round(percentile(micros, 0.99)),
    stateBytes,
    durableBytes,
  };
};

/** A thousand exponentials, which the fluid recursion consists of. Microseconds, median of 2,000. */
const referenceMicros = (): number => {
  const micros: number[] = [];
  let sink = 0;
  for (let i = 0; i < 2000; i += 1) {
    const before = performance.now();
    for (let j = 0; j < REFERENCE_EXPONENTIALS; j += 1) sink += Math.exp(-j / (i + 1));
    micros.push((performance.now() - before) * 1000);
  }
  micros.sort((a, b) => a - b);
  return sink > 0 ? percentile(micros, 0.5) : 0;
};

const sequence = recorded();
const reference = round(referenceMicros());
const queues = [1, 10].map((count) => {
  const result = measure(sequence.map((readings) => split(readings, count)));
  return { queues: count, ...result, ratioToReference: round(result.microsP50 / reference) };
});
const report = { cycles: CYCLES, referenceMicros: reference, results: queues };
if (process.argv.includes("--json")) console.log(JSON.stringify(report));
else {
  console.log(`reference: 1,000 exponentials in ${reference} us`);
  for (const result of queues) {
    console.log(
      `${result.queues} queue(s): p50 ${result.microsP50} us, p99 ${result.microsP99} us, mean ${result.microsMean} us (CPU ${result.microsCpu} us), ` +
        `${result.ratioToReference} x reference, state ${result.stateBytes} B, durable ${result.durableBytes} B`,
    );
  }
}
