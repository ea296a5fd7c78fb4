/**
 * The options, flags or files given are wrong. Carries every problem found, each naming its place and what was expected.
 * Commands print the problems one a line and exit with code 2.
 */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "config-invalid";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("; "));
    this.problems = problems;
  }
}
