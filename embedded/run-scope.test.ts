import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { findFreePort } from "./run-scope.ts";

const module = new URL("run-scope.ts", import.meta.url).href;
const count = 300;

/** Ports that another process was given, which lives until the test has ended. */
const portsOfAnother = async (): Promise<readonly number[]> => {
  const ask = `const { findFreePort } = await import(${JSON.stringify(module)});
    const ports = [];
    while (ports.length < ${count}) ports.push(await findFreePort());
    console.log(JSON.stringify(ports));
    process.stdin.resume();`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", ask], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(async () => {
    const exited = once(child, "exit");
    child.stdin.end();
    await exited;
  });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  return JSON.parse(line) as readonly number[];
};

test("no port is given to two processes, nor twice to one", async () => {
  const given = (await Promise.all([portsOfAnother(), portsOfAnother(), portsOfAnother()])).flat();
  expect(new Set(given).size).toBe(3 * count);
});

test("a port is free at every address", async () => {
  const port = await findFreePort();
  const server = createServer().listen({ host: "0.0.0.0", port, exclusive: true });
  await once(server, "listening");
  server.close();
});
