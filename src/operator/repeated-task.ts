export type RepeatedTaskOptions = {
  /** Asked after each run. */
  readonly periodMs: () => number;
  readonly onError: (cause: unknown) => void;
};

/** Runs a task again and again, never twice at once: the next run starts `periodMs` after the start of the last, or when that has ended. */
export class RepeatedTask {
  readonly #task: () => Promise<void>;
  readonly #options: RepeatedTaskOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isOn = false;
  #isRunning = false;
  #isWanted = false;

  constructor(task: () => Promise<void>, options: RepeatedTaskOptions) {
    this.#task = task;
    this.#options = options;
  }

  /** The first run begins at once. */
  start(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#run();
  }

  /** Does not wait until the next run is due: it begins at once, or right after the one that is under way. */
  runNow(): void {
    if (!this.#isOn) return;
    if (this.#isRunning) this.#isWanted = true;
    else {
      clearTimeout(this.#timer);
      this.#run();
    }
  }

  /** Resolves when a run that is under way has ended; none starts afterwards. */
  async stop(): Promise<void> {
    this.#isOn = false;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #run(): void {
    const startedAt = performance.now();
    this.#isRunning = true;
    this.#isWanted = false;
    this.#running = this.#task()
      .catch(this.#options.onError)
      .then(() => {
        this.#isRunning = false;
        if (!this.#isOn) return;
        const dueAt = this.#isWanted ? startedAt : startedAt + this.#options.periodMs();
        this.#timer = setTimeout(() => this.#run(), Math.max(0, dueAt - performance.now()));
      });
  }
}
