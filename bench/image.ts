import { availableParallelism } from "node:os";
import { type Component, components, onPods, onProcesses, type Subjects } from "./image-subjects.ts";

/**
 * What the image costs before it does any work: its size, the time from a process's start to the log line in which it is
 * ready, and its memory after it was idle for a while. As pods of the chart on the full cluster; where that cannot be had,
 * as processes of the built distribution with the image's environment. `--json` prints one line; exit code 1 above a bar.
 *
 *   node bench/image.ts [--json] [--rounds 5] [--idle-seconds 20]
 */

const MEGABYTE = 1_000_000;
const BARS: Readonly<Record<Component, { readonly readyMs: number; readonly rssMegabytes: number }>> = {
  operator: { readyMs: 1_500, rssMegabytes: 160 },
  gateway: { readyMs: 1_500, rssMegabytes: 90 },
  worker: { readyMs: 1_500, rssMegabytes: 90 },
};

type Result = {
  readonly component: Component;
  /** One a round, ascending. */
  readonly readyMs: readonly number[];
  readonly rssMegabytes: readonly number[];
  readonly good: boolean;
};

const numberOf = (name: string, preset: number): number => {
  const at = process.argv.indexOf(name);
  const value = at < 0 ? preset : Number(process.argv[at + 1]);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new Error(`${name}: expected a whole number of at least 1`);
};

const ascending = (values: readonly number[]): readonly number[] =>
  values.toSorted((left, right) => left - right);
const median = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;

const measure = async (
  subjects: Subjects,
  component: Component,
  { rounds, idleSeconds }: { readonly rounds: number; readonly idleSeconds: number },
): Promise<Result> => {
  const samples = [];
  for (let round = 0; round < rounds; round++)
    samples.push(await subjects.measure(component, { idleSeconds }));
  const readyMs = ascending(samples.map((sample) => Math.round(sample.readyMs)));
  const rssMegabytes = ascending(samples.map(({ rssBytes }) => Math.round(rssBytes / MEGABYTE)));
  const bar = BARS[component];
  const good = median(readyMs) < bar.readyMs && median(rssMegabytes) <= bar.rssMegabytes;
  return { component, readyMs, rssMegabytes, good };
};

const line = ({ component, readyMs, rssMegabytes, good }: Result): string => {
  const range = (values: readonly number[]) => `${median(values)} (${values[0]} to ${values.at(-1)})`;
  const bar = BARS[component];
  return `  ${component.padEnd(9)} ready after ${range(readyMs)} ms (bar ${bar.readyMs}), ${range(rssMegabytes)} MB (bar ${bar.rssMegabytes})${good ? "" : "  MISSED"}`;
};

const rounds = numberOf("--rounds", 5);
const idleSeconds = numberOf("--idle-seconds", 20);
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const subjects = (await onPods(say)) ?? (await onProcesses(say));
try {
  const results: Result[] = [];
  for (const component of components)
    results.push(await measure(subjects, component, { rounds, idleSeconds }));
  const good = results.every((result) => result.good);
  const { how, imageBytes, baseBytes } = subjects;
  if (process.argv.includes("--json")) {
    const facts = {
      bench: "image",
      cores: availableParallelism(),
      how,
      rounds,
      idleSeconds,
      imageBytes,
      baseBytes,
    };
    console.log(JSON.stringify({ ...facts, results, good }));
  } else {
    console.log(
      `as ${how}, ${rounds} rounds, memory after ${idleSeconds} s idle; median (lowest to highest):`,
    );
    for (const result of results) console.log(line(result));
    if (imageBytes !== undefined && baseBytes !== undefined) {
      const own = ((imageBytes - baseBytes) / MEGABYTE).toFixed(0);
      console.log(
        `  image     ${own} MB on top of its base's ${(baseBytes / MEGABYTE).toFixed(0)} MB, not compressed`,
      );
    }
  }
  process.exitCode = good ? 0 : 1;
} finally {
  await subjects.stop();
}
