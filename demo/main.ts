/** `npm run demo`: the whole of Millrace on real parts, an uneven load, and an honest account at the end. */
import { createRunScope } from "../embedded/run-scope.ts";
import { ConfigError } from "../kit/src/config-error.ts";
import { type DemoOptions, parseDemoOptions, usage } from "./options.ts";
import { promise } from "./promise.ts";
import { type Account, runDemo } from "./run-demo.ts";

/** A terminal's Ctrl-C reaches this process twice when npm forwards it too: two signals so close together are one. */
const sameKeystrokeMs = 500;

const percent = (ratio: number): string => `${(ratio * 100).toFixed(1)} %`;

const summaryText = ({ summary, phases, startupSeconds }: Account): string =>
  [
    "",
    ...phases.map(
      ({ name, jobs, feasible, attainmentRatio, waitSecondsP95 }) =>
        `${name.padEnd(10)} ${String(jobs).padStart(4)} jobs, ${percent(attainmentRatio).padStart(7)} in time, p95 of the wait ${waitSecondsP95.toFixed(1)} s${feasible ? "" : " (not feasible by reacting)"}`,
    ),
    `a worker took ${startupSeconds.toFixed(1)} s to start (p95)`,
    `accepted ${summary.accepted}, succeeded ${summary.succeeded}, dead-lettered ${summary.deadLettered}, lost ${summary.lost}, run twice ${summary.duplicates}`,
    `started within ${promise.waitSeconds} s: ${percent(summary.attainmentRatio)} of the jobs where that was feasible (promised ${percent(promise.attainmentRatio)}); p95 of the wait ${summary.waitSecondsP95} s`,
    `workers: at most ${summary.replicasMax}, at the end ${summary.replicasFinal}; ${summary.decisions} changes; ${summary.interruptedByScaleIn} jobs interrupted`,
    `cost: ${summary.overheadRatio} × the pure work; from the first job to the first scale-out ${summary.firstPatchSeconds} s`,
    "",
  ].join("\n");

const listenForInterrupts = (): { interrupt: AbortSignal; hurry: AbortSignal } => {
  const interrupt = new AbortController();
  const hurry = new AbortController();
  let firstAtMs: number | undefined;
  const onSignal = (): void => {
    const nowMs = performance.now();
    firstAtMs ??= nowMs;
    if (!interrupt.signal.aborted)
      process.stderr.write(
        "\nending: no more jobs are submitted; the accepted ones are finished (again to give up waiting)\n",
      );
    interrupt.abort();
    if (nowMs - firstAtMs > sameKeystrokeMs) hurry.abort();
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, onSignal);
  return { interrupt: interrupt.signal, hurry: hurry.signal };
};

/** 0: every accepted job was settled. 1: something was lost, or failed. */
const run = async (options: DemoOptions): Promise<number> => {
  const signals = listenForInterrupts();
  const scope = await createRunScope();
  try {
    const account = await runDemo(scope, options, { ...signals, output: process.stdout });
    process.stdout.write(summaryText(account));
    if (options.json) process.stdout.write(`${JSON.stringify(account.summary)}\n`);
    return account.summary.lost === 0 ? 0 : 1;
  } finally {
    await scope.stop();
  }
};

try {
  const options = parseDemoOptions(process.argv.slice(2));
  if (options === "help") console.log(usage);
  else process.exitCode = await run(options);
} catch (error) {
  if (error instanceof ConfigError) {
    console.error(error.problems.join("\n"));
    console.error(usage);
    process.exitCode = 2;
  } else {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
