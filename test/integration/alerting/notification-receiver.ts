import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import type { Service } from "../../../kit/src/service.ts";

/** What Alertmanager posts to a webhook, as far as it is looked at here. */
export type Notification = {
  readonly atMs: number;
  readonly status: "firing" | "resolved";
  readonly alerts: readonly {
    readonly status: "firing" | "resolved";
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly startsAt: string;
  }[];
};

/** What Alertmanager posts to Slack. */
export type ChatMessage = {
  readonly attachments: readonly {
    readonly title: string;
    readonly title_link: string;
    readonly text: string;
  }[];
};

/** Alertmanager's webhook at `/on-call` and its Slack at `/chat`. */
export type NotificationReceiver = Service & {
  url(path: "on-call" | "chat"): string;
  readonly notifications: readonly Notification[];
  readonly chat: readonly ChatMessage[];
  /** The first notification that is as asked, as soon as it is there. */
  notification(isSo: (notification: Notification) => boolean): Promise<Notification>;
  chatMessage(isSo: (message: ChatMessage) => boolean): Promise<ChatMessage>;
};

export const createNotificationReceiver = (host = "127.0.0.1"): NotificationReceiver => {
  const notifications: Notification[] = [];
  const chat: ChatMessage[] = [];
  const arrivals = new EventEmitter();
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      if (request.url === "/chat") chat.push(JSON.parse(body));
      else notifications.push({ ...JSON.parse(body), atMs: Date.now() });
      response.end("ok");
      arrivals.emit("arrival");
    });
  });
  const found = async <T>(list: readonly T[], isSo: (one: T) => boolean): Promise<T> => {
    for (;;) {
      const one = list.find(isSo);
      if (one !== undefined) return one;
      await once(arrivals, "arrival");
    }
  };
  return {
    notifications,
    chat,
    url(path) {
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error("the receiver is not started");
      return `http://${host}:${address.port}/${path}`;
    },
    notification: (isSo) => found(notifications, isSo),
    chatMessage: (isSo) => found(chat, isSo),
    async start() {
      server.listen(0, host);
      await once(server, "listening");
    },
    async stop() {
      server.closeAllConnections();
      if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};
