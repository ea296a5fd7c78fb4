import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { FastifyPluginCallback } from "fastify";
import { securityHeaders } from "./security-headers.ts";
import { sendProblem } from "./send-problem.ts";

const folder = new URL("../../docs/", import.meta.url);

/** The documents as plain text, runbooks among them, at the paths that they have in the repository: alerts and dashboards lead there. */
export const documents: FastifyPluginCallback = (app, _options, done) => {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const names = new Set(files.filter((name) => name.endsWith(".md")));
  app.get<{ Params: { "*": string } }>("/docs/*", async ({ params: { "*": name } }, reply) => {
    void reply.headers(securityHeaders);
    if (!names.has(name)) {
      return sendProblem(reply, { status: 404, code: "file-unknown", title: "There is no such document." });
    }
    const text = await readFile(new URL(name, folder));
    return reply.header("cache-control", "no-cache").type("text/plain; charset=utf-8").send(text);
  });
  done();
};
