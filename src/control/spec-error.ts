/** The spec has values out of range. `problems` names each field with what was expected and what came. */
export class SpecError extends Error {
  readonly code = "MILLRACE_SPEC_OUT_OF_RANGE";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Spec out of range: ${problems.join("; ")}`);
    this.name = "SpecError";
    this.problems = problems;
  }
}
