import { readEvents } from "./event-stream.js";
import { refusalOf, Refused } from "./refused.js";

/**
 * connecting: no answer yet. live: events come. lost: the stream was refused, broke off or fell silent; it is asked for
 * again at `retryAtMs`. Times are `performance.now()`.
 * @typedef {{ kind: "connecting" } | { kind: "live" } | { kind: "lost", because: string, retryAtMs: number }} Connection
 * @typedef {{ readonly onEvent: (name: string, data: unknown) => void, readonly onConnection: (connection: Connection) => void }} Listener
 */

const firstRetryMs = 500;
const lastRetryMs = 10_000;
/** The operator sends something every five seconds. */
const silenceMs = 12_000;

/** Follows one stream of events for as long as the page lives: again and again, ever more slowly, until it answers. */
export class LiveFeed {
  #url;
  #listener;
  #failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #attempt = new AbortController();

  /**
   * @param {string} url
   * @param {Listener} listener
   */
  constructor(url, listener) {
    this.#url = url;
    this.#listener = listener;
  }

  /** Asks for the stream now, whatever it waited for. */
  connect() {
    clearTimeout(this.#timer);
    this.#attempt.abort();
    this.#attempt = new AbortController();
    this.#listener.onConnection({ kind: "connecting" });
    void this.#follow(this.#attempt);
  }

  /** @param {AbortController} attempt */
  async #follow(attempt) {
    const silence = this.#watchSilence(attempt);
    try {
      const response = await fetch(this.#url, {
        headers: { accept: "text/event-stream" },
        cache: "no-store",
        signal: attempt.signal,
      });
      if (!response.ok || response.body === null) throw await refusalOf(response);
      for await (const { name, data } of readEvents(response.body)) {
        if (attempt.signal.aborted) break;
        silence.heard();
        this.#failures = 0;
        this.#listener.onEvent(name, JSON.parse(data));
        this.#listener.onConnection({ kind: "live" });
      }
      throw new Error("The stream has ended.");
    } catch (error) {
      if (attempt === this.#attempt) this.#retryLater(error, reasonOf(error, attempt.signal));
    } finally {
      silence.stop();
      attempt.abort();
    }
  }

  /** @param {AbortController} attempt */
  #watchSilence(attempt) {
    const give = () => setTimeout(() => attempt.abort(new Error("Nothing has come for a while.")), silenceMs);
    let timer = give();
    return {
      heard: () => {
        clearTimeout(timer);
        timer = give();
      },
      stop: () => clearTimeout(timer),
    };
  }

  /**
   * @param {unknown} error
   * @param {string} because
   */
  #retryLater(error, because) {
    const backOffMs = Math.min(lastRetryMs, firstRetryMs * 2 ** this.#failures) * (0.8 + 0.4 * Math.random());
    const delayMs = Math.max(backOffMs, error instanceof Refused ? error.retryAfterSeconds * 1_000 : 0);
    this.#failures++;
    this.#timer = setTimeout(() => this.connect(), delayMs);
    this.#listener.onConnection({ kind: "lost", because, retryAtMs: performance.now() + delayMs });
  }
}

/**
 * @param {unknown} error
 * @param {AbortSignal} signal
 */
function reasonOf(error, signal) {
  if (signal.aborted && signal.reason instanceof Error) return signal.reason.message;
  if (error instanceof TypeError) return "The operator cannot be reached.";
  return error instanceof Error ? error.message : String(error);
}
