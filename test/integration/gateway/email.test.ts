import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterEach, expect, test } from "vitest";
import { createSmtpSink } from "../../../embedded/smtp-sink.ts";
import { startInMemory } from "../../../kit/src/testing/start-in-memory.ts";
import { createEmailHandler } from "../../../src/jobs/email-handler.ts";

const MAIL = { to: "ann@example.com", from: "bob@example.com", subject: "Hi", content: "text" };
const JOB = { id: "018bcfe5-6b2e-7e80-83ce-6664bb9de71f" };
const stops: (() => Promise<void>)[] = [];

async function refusingServer(responseCode: number): Promise<string> {
  const onRcptTo: SMTPServerOptions["onRcptTo"] = (_address, _session, done) =>
    done(Object.assign(new Error("refused"), { responseCode }));
  const server = new SMTPServer({ authOptional: true, disabledCommands: ["AUTH", "STARTTLS"], onRcptTo });
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  stops.push(() => new Promise((resolve) => server.close(resolve)));
  return `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
}

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

test("a job that is run twice sends copies that a mail system knows as one mail", async () => {
  const sink = createSmtpSink();
  await sink.start();
  stops.push(() => sink.stop());
  const handler = createEmailHandler({ smtpUrl: `smtp://${sink.host}:${sink.port()}` });
  for (let run = 0; run < 2; run += 1) {
    expect((await startInMemory(handler, MAIL, { job: JOB }).outcome).kind).toBe("succeeded");
  }
  const ids = sink.received.map(({ source }) => /^Message-ID: (.*)\r?$/im.exec(source)?.[1]);
  expect(ids).toEqual([`<${JOB.id}@millrace>`, `<${JOB.id}@millrace>`]);
});

test("a mail that the server refuses for good is not tried again", async () => {
  const handler = createEmailHandler({ smtpUrl: await refusingServer(550) });
  expect((await startInMemory(handler, MAIL, { job: JOB }).outcome).kind).toBe("dead");
});

test("a mail that the server refuses for now, and a server that is away, are tried again", async () => {
  const busy = createEmailHandler({ smtpUrl: await refusingServer(451) });
  expect((await startInMemory(busy, MAIL, { job: JOB }).outcome).kind).toBe("failed");
  const away = createEmailHandler({ smtpUrl: "smtp://127.0.0.1:1" });
  expect((await startInMemory(away, MAIL, { job: JOB }).outcome).kind).toBe("failed");
});
