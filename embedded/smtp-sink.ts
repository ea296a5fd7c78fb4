import { EventEmitter, once } from "node:events";
import { SMTPServer } from "smtp-server";
import type { Service } from "../kit/src/service.ts";

export type ReceivedMail = { readonly from: string; readonly to: readonly string[]; readonly source: string };

export type SmtpSink = Service & {
  readonly host: string;
  port(): number;
  readonly received: readonly ReceivedMail[];
  /** The mail with number `index` (from 0), as soon as it is there. */
  mail(index: number): Promise<ReceivedMail>;
  /** The first mail whose source is as asked, as soon as it is there. */
  mailWith(isSo: (source: string) => boolean): Promise<ReceivedMail>;
};

/** An SMTP server in this process that keeps what it is sent. */
export const createSmtpSink = (host = "127.0.0.1"): SmtpSink => {
  const received: ReceivedMail[] = [];
  const arrivals = new EventEmitter();
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        received.push({
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map((recipient) => recipient.address),
          source: Buffer.concat(chunks).toString("utf8"),
        });
        done();
        arrivals.emit("mail");
      });
    },
  });
  const found = async (find: () => ReceivedMail | undefined): Promise<ReceivedMail> => {
    for (;;) {
      const mail = find();
      if (mail !== undefined) return mail;
      await once(arrivals, "mail");
    }
  };
  return {
    host,
    received,
    port() {
      const address = server.server.address();
      if (address === null || typeof address === "string") throw new Error("the SMTP sink is not started");
      return address.port;
    },
    mail: (index) => found(() => received[index]),
    mailWith: (isSo) => found(() => received.find(({ source }) => isSo(source))),
    async start() {
      server.listen(0, host);
      await once(server.server, "listening");
    },
    async stop() {
      if (server.server.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};
