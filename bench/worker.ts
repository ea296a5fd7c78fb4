import { execFile } from "node:child_process";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createRabbitmq } from "../embedded/rabbitmq.ts";
import { createRunScope } from "../embedded/run-scope.ts";

/**
 * How fast the kit's worker consumes, with metrics, against plain amqplib: no-op jobs of 256 bytes, prefetch 100, quorum
 * queue. Each cell is a process of its own; the cells of a round follow each other, and only ratios inside a round count.
 * Bars: rate ratio at least 0.80, CPU per message at most 1.3. `--json` prints one line; the exit code is 1 below the bars.
 */
type Cell = { readonly mode: string; readonly perSecond: number; readonly cpuMicrosPerMessage: number };

const ROUNDS = 5;
const MESSAGES = 80_000;
const PREFETCH = 100;
const MODES = ["raw", "kit", "kit-events"] as const;
const MIN_RATE = 0.8;
const MAX_CPU = 1.3;

const run = promisify(execFile);
const cellFile = fileURLToPath(new URL("consume-once.ts", import.meta.url));

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};
const round = (value: number): number => Math.round(value * 1_000) / 1_000;

const measure = async (amqpUrl: string, mode: string): Promise<Cell> => {
  const args = [cellFile, mode, String(MESSAGES), String(PREFETCH)];
  const { stdout } = await run(process.execPath, args, { env: { AMQP_URL: amqpUrl } });
  return JSON.parse(stdout) as Cell; // printed by the file beside this one
};

const ratios = (rounds: readonly ReadonlyMap<string, Cell>[], mode: string, of: (cell: Cell) => number) => {
  const values = rounds.map((cells) => {
    const [kit, raw] = [cells.get(mode), cells.get("raw")];
    return kit === undefined || raw === undefined ? Number.NaN : of(kit) / of(raw);
  });
  return { median: round(median(values)), min: round(Math.min(...values)), max: round(Math.max(...values)) };
};

const scope = await createRunScope();
const broker = await createRabbitmq(scope, { config: ["vm_memory_high_watermark.absolute = 4GB"] });
try {
  await broker.start();
  await measure(broker.amqpUrl(), "raw"); // the broker's first round is slower
  const rounds: ReadonlyMap<string, Cell>[] = [];
  for (let index = 0; index < ROUNDS; index += 1) {
    const cells = new Map<string, Cell>();
    const order = index % 2 === 0 ? MODES : MODES.toReversed();
    for (const mode of order) cells.set(mode, await measure(broker.amqpUrl(), mode));
    rounds.push(cells);
  }
  const result = {
    bench: "worker",
    rounds: ROUNDS,
    messages: MESSAGES,
    prefetch: PREFETCH,
    rateRatio: ratios(rounds, "kit", (cell) => cell.perSecond),
    cpuRatio: ratios(rounds, "kit", (cell) => cell.cpuMicrosPerMessage),
    rateRatioWithEvents: ratios(rounds, "kit-events", (cell) => cell.perSecond),
    cpuRatioWithEvents: ratios(rounds, "kit-events", (cell) => cell.cpuMicrosPerMessage),
    machine: `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}`,
    date: new Date().toISOString().slice(0, 10),
  };
  const ok = result.rateRatio.median >= MIN_RATE && result.cpuRatio.median <= MAX_CPU;
  if (process.argv.includes("--json")) console.log(JSON.stringify({ ...result, ok }));
  else {
    console.log(
      `kit ÷ amqplib, ${ROUNDS} rounds of ${MESSAGES} no-op jobs, prefetch ${PREFETCH}, on ${result.machine}`,
    );
    console.log(`rate: ${JSON.stringify(result.rateRatio)} (bar: at least ${MIN_RATE})`);
    console.log(`CPU per message: ${JSON.stringify(result.cpuRatio)} (bar: at most ${MAX_CPU})`);
    console.log(`with events on, rate: ${JSON.stringify(result.rateRatioWithEvents)}`);
    console.log(`with events on, CPU: ${JSON.stringify(result.cpuRatioWithEvents)}`);
    console.log(ok ? "ok" : "below the bars");
  }
  if (!ok) process.exitCode = 1;
} finally {
  await broker.stop();
  await scope.stop();
}
