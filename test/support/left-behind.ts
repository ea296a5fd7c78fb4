import { existsSync, readdirSync, readFileSync } from "node:fs";

/** As /proc/net/tcp writes an IPv4 address: its bytes in reverse, in hexadecimal. */
const inProcNet = (address: string): string =>
  address
    .split(".")
    .map((byte) => Number(byte).toString(16).padStart(2, "0").toUpperCase())
    .toReversed()
    .join("");

const listenState = "0A";

/** Ports that something listens on at `address`. */
export const listeningAt = (address: string): readonly number[] =>
  readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = "", , state]) => local.startsWith(`${inProcNet(address)}:`) && state === listenState)
    .map(([, local = ""]) => Number.parseInt(local.split(":")[1] ?? "", 16));

const read = (file: string): string => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // ended in the meantime, or another user's
  }
};

/** Processes whose command line, environment or working directory names `text`, without this one. */
export const processesThatName = (text: string): readonly string[] =>
  readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .filter(
      (pid) => read(`/proc/${pid}/cmdline`).includes(text) || read(`/proc/${pid}/environ`).includes(text),
    )
    .map((pid) => `${pid} ${read(`/proc/${pid}/cmdline`).replaceAll("\0", " ")}`);

/** What is still there of a run. All empty when it left nothing. */
export const leftBehind = (run: { readonly address: string; readonly directory: string }) => ({
  listening: listeningAt(run.address),
  processes: processesThatName(run.directory),
  folder: existsSync(run.directory),
});
