import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from "fastify";
import { securityHeaders } from "./security-headers.ts";
import { sendProblem } from "./send-problem.ts";

const mimeTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

const pageFolder = new URL("page/", import.meta.url);

/** Where each file of the page is: its own, and the chart library's from its package. */
function locations(): ReadonlyMap<string, URL> {
  const own = readdirSync(pageFolder)
    .filter((file) => extname(file) in mimeTypes)
    .map((file) => [file, new URL(file, pageFolder)] as const);
  return new Map([
    ...own,
    ["uplot.js", new URL(import.meta.resolve("uplot/dist/uPlot.esm.js"))],
    ["uplot.css", new URL(import.meta.resolve("uplot/dist/uPlot.min.css"))],
  ]);
}

/**
 * The page at `/` and its files under `/console/`, each with the security headers and a tag by which a browser asks whether
 * what it has is still right. Read when they are asked for: they are few, small, and asked for once in a visit.
 */
export const pageFiles: FastifyPluginCallback = (app, _options, done) => {
  const files = locations();
  app.get("/", (request, reply) => sendFile(files.get("index.html"), { request, reply }));
  app.get<{ Params: { file: string } }>("/console/:file", (request, reply) => {
    const { file } = request.params;
    return sendFile(file === "index.html" ? undefined : files.get(file), { request, reply });
  });
  done();
};

type Exchange = { readonly request: FastifyRequest; readonly reply: FastifyReply };

async function sendFile(location: URL | undefined, { request, reply }: Exchange): Promise<FastifyReply> {
  void reply.headers(securityHeaders);
  if (location === undefined) {
    return sendProblem(reply, { status: 404, code: "file-unknown", title: "The page has no such file." });
  }
  const content = await readFile(location);
  const tag = `"${createHash("sha256").update(content).digest("base64url")}"`;
  void reply.headers({ "cache-control": "no-cache", etag: tag });
  const known = request.headers["if-none-match"]?.split(",").map((text) => text.trim().replace(/^W\//, ""));
  if (known?.includes(tag)) return reply.code(304).send();
  return reply.type(mimeTypes[extname(location.pathname)] ?? "application/octet-stream").send(content);
}
