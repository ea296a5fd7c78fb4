import { createTransport } from "nodemailer";
import type { JobHandler } from "../../kit/src/job/define-job.ts";
import { DeadLetter } from "../../kit/src/job/outcome.ts";
import { emailContract } from "./email-contract.ts";

export type EmailHandlerOptions = {
  /** `smtp://user:password@host:port` or `smtps://...` */
  readonly smtpUrl: string;
};

const SMTP_TIMEOUT_MS = 30_000;

/**
 * Sends mails. SMTP cannot tell whether a mail whose answer was lost has been taken, so that a repeated job may send
 * it twice; both copies then carry the job's id as their Message-ID, by which mail systems recognise a duplicate.
 */
export function createEmailHandler(options: EmailHandlerOptions): JobHandler {
  const transport = createTransport({
    url: options.smtpUrl,
    connectionTimeout: SMTP_TIMEOUT_MS,
    greetingTimeout: SMTP_TIMEOUT_MS,
    socketTimeout: SMTP_TIMEOUT_MS,
  });
  return emailContract.handle(async ({ to, from, subject, content }, { job, signal }) => {
    signal.throwIfAborted();
    try {
      await transport.sendMail({
        to,
        from,
        subject,
        text: content,
        messageId: `<${job.id}@millrace>`,
      });
    } catch (error) {
      if (isPermanent(error))
        throw new DeadLetter("the mail server refused the mail for good", { cause: error });
      throw error;
    }
  });
}

/** 5xx of SMTP: the same mail will be refused again. */
function isPermanent(error: unknown): boolean {
  const responseCode = error instanceof Error && "responseCode" in error ? error.responseCode : undefined;
  return typeof responseCode === "number" && responseCode >= 500 && responseCode < 600;
}
