// Brings a checkout to the point where the demo, the tests and the benches can run. Plain Node 20 or later, no dependency.
//   node scripts/bootstrap.mjs [--npm-only] [--use-urls] [--cluster] [--tests]
// --npm-only: the packages of package-lock.json only. --use-urls: AMQP_URL, DATABASE_URL stand in for a broker and a database server.
// --cluster: also what a Kubernetes for tests takes from the distribution, where it can be installed; who needs it says what it lacks.
// --tests: likewise a browser and Docker Compose, which only tests use.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";
import { controlPlaneDistribution, nodeDistribution, programs, testDistribution } from "./programs.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const stampFile = `${root}node_modules/.millrace-lock-hash`;
const policyFile = "/usr/sbin/policy-rc.d";

/** @type {(message: string) => void} */
const say = (message) => void process.stderr.write(`${message}\n`);

/** @type {(problem: string) => never} */
const fail = (problem) => {
  say(problem);
  process.exit(3);
};

/** @type {(command: string, args: readonly string[], env?: NodeJS.ProcessEnv) => boolean} */
const run = (command, args, env = {}) =>
  spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2], env: { ...process.env, ...env } }).status ===
  0;

const lockHash = () =>
  createHash("sha256")
    .update(readFileSync(`${root}package-lock.json`))
    .digest("hex");

/** @type {(pid: number) => boolean} */
const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM"; // another user's
  }
};

/** @type {(lockFile: string) => boolean} */
const tryLock = (lockFile) => {
  try {
    writeFileSync(lockFile, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code !== "EEXIST")
      fail(`this user may not write to the checkout, and it is not complete: ${message}`);
    return false;
  }
};

/** Two bootstraps of one checkout wait for each other; a lock whose owner is gone is taken over. */
const takeLock = async () => {
  mkdirSync(`${root}.cache`, { recursive: true });
  const lockFile = `${root}.cache/bootstrap.lock`;
  for (let turns = 0; !tryLock(lockFile); turns++) {
    const owner = Number(existsSync(lockFile) ? readFileSync(lockFile, "utf8") : 0);
    const isOrphan = owner > 0 ? !isAlive(owner) : turns > 20; // without a process id: its owner died while writing
    if (isOrphan) rmSync(lockFile, { force: true });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  process.on("exit", () => rmSync(lockFile, { force: true }));
};

const npmPackagesAreCurrent = () => existsSync(stampFile) && readFileSync(stampFile, "utf8") === lockHash();

const installNpmPackages = () => {
  if (npmPackagesAreCurrent()) return;
  say("installing npm packages (npm ci) ...");
  if (!run("npm", ["ci", "--loglevel=error", "--no-audit", "--no-fund", "--prefer-offline"]))
    fail("npm ci failed; its messages stand above");
  writeFileSync(stampFile, lockHash());
};

/** @type {(flags: Flags) => readonly (keyof typeof programs)[]} */
const neededPrograms = ({ useUrls, npmOnly }) => {
  if (npmOnly) return [];
  /** @type {(keyof typeof programs)[]} */
  const needed = ["prometheus", "alertmanager"];
  if (!useUrls || process.env["AMQP_URL"] === undefined) needed.push("rabbitmq", "epmd");
  if (!useUrls || process.env["DATABASE_URL"] === undefined) needed.push("postgres");
  return needed;
};

/** @type {(question: string) => Promise<boolean>} */
const agreed = async (question) => {
  if (process.env["CI"] === "true" || !process.stdin.isTTY) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} [Y/n] `);
  terminal.close();
  return !/^n/i.test(answer.trim());
};

/** @type {(names: readonly (keyof typeof programs)[], useUrls: boolean) => string} */
const instructions = (names, useUrls) => {
  const instead = /** @type {Partial<Record<keyof typeof programs, string>>} */ (
    useUrls ? { rabbitmq: "AMQP_URL, or ", postgres: "DATABASE_URL, or " } : {}
  );
  const lines = names.map((name) => {
    const { title, debian, variable } = programs[name];
    const wrong = process.env[variable];
    if (wrong !== undefined) return `  ${title}: ${variable} points at ${wrong}, where it is not`;
    return `  ${title}: apt-get install --no-install-recommends ${debian}   or point ${instead[name] ?? ""}${variable} at an existing one`;
  });
  return ["These programs are missing:", ...lines].join("\n");
};

/** Installs without starting any system service: policy-rc.d answers 101 (forbidden) meanwhile. @type {(packages: readonly string[]) => boolean} */
const aptInstall = (packages) => {
  const ownPolicy = !existsSync(policyFile);
  const removePolicy = () => rmSync(policyFile, { force: true });
  if (ownPolicy) {
    writeFileSync(policyFile, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
    process.once("exit", removePolicy);
  }
  const apt = ["-o", "DPkg::Lock::Timeout=600", "-qq"];
  const quiet = { DEBIAN_FRONTEND: "noninteractive" };
  return (
    run("apt-get", [...apt, "update"], quiet) &&
    run("apt-get", [...apt, "install", "-y", "--no-install-recommends", ...packages], quiet)
  );
};

/** @type {(names: readonly (keyof typeof programs)[]) => readonly (keyof typeof programs)[]} */
const missing = (names) => names.filter((name) => programs[name].find(process.env) === undefined);

/** @type {(flags: Flags) => readonly (keyof typeof programs)[]} */
const wantedPrograms = ({ cluster, tests }) => [
  ...(cluster && process.env["KUBECONFIG"] === undefined
    ? [...controlPlaneDistribution, ...nodeDistribution]
    : []),
  ...(tests ? testDistribution : []),
];

/** @type {(names: readonly (keyof typeof programs)[]) => readonly string[]} */
const packagesOf = (names) => [...new Set(names.map((name) => programs[name].debian))];

/**
 * Answers with the packages to be installed. Ends with instructions where a program is needed, and this user may not
 * install it or does not want to; one that is only wanted is then done without.
 * @type {(flags: Flags) => Promise<readonly string[]>}
 */
const agreeToInstall = async (flags) => {
  const needed = missing(neededPrograms(flags));
  const wanted = missing(wantedPrograms(flags));
  if (needed.length + wanted.length === 0) return [];
  const misled = [...needed, ...wanted].some((name) => process.env[programs[name].variable] !== undefined);
  const mayInstall = !misled && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
  const packages = packagesOf([...needed, ...wanted]);
  if (mayInstall && (await agreed(`Install ${packages.join(", ")} from the distribution?`))) return packages;
  if (needed.length > 0) fail(instructions(needed, flags.useUrls));
  return [];
};

/** @type {(packages: readonly string[], flags: Flags) => void} */
const installPrograms = (packages, flags) => {
  say(`installing ${packages.join(", ")} from the distribution (no service is started) ...`);
  if (!aptInstall(packages)) say("apt-get failed; its messages stand above");
  const still = missing(neededPrograms(flags));
  if (still.length > 0) fail(instructions(still, flags.useUrls));
};

if (Number(process.versions.node.split(".")[0]) < 20)
  fail(`Node 20 or later is needed to begin with; this is ${process.version}`);
process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));
/** @typedef {{ readonly npmOnly: boolean, readonly useUrls: boolean, readonly cluster: boolean, readonly tests: boolean }} Flags */
/** @type {Flags} */
const flags = {
  npmOnly: process.argv.includes("--npm-only"),
  useUrls: process.argv.includes("--use-urls"),
  cluster: process.argv.includes("--cluster"),
  tests: process.argv.includes("--tests"),
};
const packages = await agreeToInstall(flags);
if (!npmPackagesAreCurrent() || packages.length > 0) {
  await takeLock();
  installNpmPackages();
  // another bootstrap may have installed them meanwhile
  const isMissing = missing([...neededPrograms(flags), ...wantedPrograms(flags)]).length > 0;
  if (packages.length > 0 && isMissing) installPrograms(packages, flags);
}
