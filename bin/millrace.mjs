#!/usr/bin/env node
// In a checkout the sources run as they are; an installed package has only dist/.
import { existsSync } from "node:fs";
import module from "node:module"; // not by name: an older Node lacks some, and must still get to the message below

const [major] = process.versions.node.split(".").map(Number);
if (major < 24) {
  console.error(
    `millrace needs Node 24 or later; this is ${process.version}. In a checkout, use npx millrace.`,
  );
  process.exit(2);
}
// As process 1 of a container it gets no signal that it has no handler for. Until a subcommand listens, this one ends it.
if (process.pid === 1) {
  for (const [signal, code] of /** @type {const} */ ([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ])) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(code);
    });
  }
}
module.enableCompileCache();
const source = new URL("../src/cli/main.ts", import.meta.url);
const { main } = await import(
  existsSync(source) ? source.href : new URL("../dist/src/cli/main.js", import.meta.url).href
);
await main(process.argv.slice(2));
