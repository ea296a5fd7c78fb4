/** A clock that is moved by hand. */
export class ManualClock {
  nowMs = Date.parse("2026-07-15T12:00:00Z");

  readonly read = (): number => this.nowMs;

  advance(seconds: number): void {
    this.nowMs += seconds * 1_000;
  }
}
