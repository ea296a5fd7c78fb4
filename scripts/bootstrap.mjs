// Brings a checkout to the point where the demo, the tests and the benches can run. Plain Node 20 or later, no dependency.
//   node scripts/bootstrap.mjs [--npm-only] [--use-urls]
// --npm-only: the packages of package-lock.json only. --use-urls: AMQP_URL, DATABASE_URL stand in for a broker and a database server.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";
import { programs } from "./programs.mjs";

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

/** @type {(useUrls: boolean) => readonly (keyof typeof programs)[]} */
const neededPrograms = (useUrls) => {
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

/** @type {(missing: readonly (keyof typeof programs)[], useUrls: boolean) => string} */
const instructions = (missing, useUrls) => {
  const instead = /** @type {Partial<Record<keyof typeof programs, string>>} */ (
    useUrls ? { rabbitmq: "AMQP_URL, or ", postgres: "DATABASE_URL, or " } : {}
  );
  const lines = missing.map((name) => {
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

/** @type {(useUrls: boolean) => readonly (keyof typeof programs)[]} */
const missingPrograms = (useUrls) =>
  neededPrograms(useUrls).filter((name) => programs[name].find(process.env) === undefined);

/** @type {(useUrls: boolean) => readonly string[]} */
const missingPackages = (useUrls) => [
  ...new Set(missingPrograms(useUrls).map((name) => programs[name].debian)),
];

/** Ends with instructions unless this user may install what is missing, and wants it. @type {(useUrls: boolean) => Promise<void>} */
const agreeToInstall = async (useUrls) => {
  const misled = missingPrograms(useUrls).some((name) => process.env[programs[name].variable] !== undefined);
  const mayInstall = !misled && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
  const question = `Install ${missingPackages(useUrls).join(", ")} from the distribution?`;
  if (!mayInstall || !(await agreed(question))) fail(instructions(missingPrograms(useUrls), useUrls));
};

/** @type {(useUrls: boolean) => void} */
const installPrograms = (useUrls) => {
  const packages = missingPackages(useUrls);
  say(`installing ${packages.join(", ")} from the distribution (no service is started) ...`);
  if (!aptInstall(packages)) say("apt-get failed; its messages stand above");
  const missing = missingPrograms(useUrls);
  if (missing.length > 0) fail(instructions(missing, useUrls));
};

if (Number(process.versions.node.split(".")[0]) < 20)
  fail(`Node 20 or later is needed to begin with; this is ${process.version}`);
process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));
const useUrls = process.argv.includes("--use-urls");
const programsAreThere = () => process.argv.includes("--npm-only") || missingPrograms(useUrls).length === 0;
if (!programsAreThere()) await agreeToInstall(useUrls);
if (!npmPackagesAreCurrent() || !programsAreThere()) {
  await takeLock();
  installNpmPackages();
  if (!programsAreThere()) installPrograms(useUrls);
}
