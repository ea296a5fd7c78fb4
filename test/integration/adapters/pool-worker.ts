/**
 * A worker without jobs, for tests of the process pool: serves its readiness and metrics where it is told to.
 *
 * Variables: RUNNING_FOLDER (the file named after the port holds how many jobs this one runs), CRASH (exits with code 3 at
 * once), STUBBORN (ignores SIGTERM), CHILD (starts a child that would outlive it). GET /crash ends it with code 4.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const setting = (name: string): string => process.env[name] ?? "";
const port = setting("MILLRACE_METRICS_PORT");

if (setting("CRASH")) process.exit(3);
if (setting("CHILD")) spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });

const running = (): number => {
  try {
    return Number(readFileSync(join(setting("RUNNING_FOLDER"), port), "utf8"));
  } catch {
    return 0; // the test has not written one
  }
};

const server = createServer((request, response) => {
  if (request.url === "/crash") process.exit(4);
  if (request.url === "/readyz") response.end("ok");
  else response.end(`# TYPE worker_jobs_running gauge\nworker_jobs_running{queue="q"} ${running()}\n`);
});
server.listen(Number(port), setting("MILLRACE_METRICS_HOST"));
process.on("SIGTERM", () => {
  if (!setting("STUBBORN")) process.exit(0);
});
