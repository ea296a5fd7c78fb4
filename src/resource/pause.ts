const prefix = "millrace.dev/";
/** The annotations that a person sets on an autoscaler: name, value, meaning. */
export const pauseAnnotations = [
  {
    name: `${prefix}paused`,
    value: '"true"',
    meaning: "The count stays as it is, until the annotation goes. Decisions are still made and reported.",
  },
  { name: `${prefix}paused-scale-in`, value: '"true"', meaning: "The count does not shrink." },
  {
    name: `${prefix}paused-scale-out`,
    value: '"true"',
    meaning: "The count does not grow, except up to replicas.min.",
  },
  {
    name: `${prefix}paused-replicas`,
    value: '"3"',
    meaning: "The count is set to this number and stays there, whatever replicas.min and max say.",
  },
] as const;
const replicasKey = `${prefix}paused-replicas`;
const known: readonly string[] = pauseAnnotations.map(({ name }) => name);
const wholeNumber = /^\d{1,5}$/;

/** What a person asked for by annotation. */
export type Pause = {
  /** Set while paused; `replicas` when a number was asked for, otherwise the count stays as it is. */
  readonly paused?: { readonly replicas?: number };
  readonly scaleIn: boolean;
  readonly scaleOut: boolean;
};

/** Reads the pause annotations; those that `pauseProblems` rejects count as absent. `paused-replicas` alone pauses too. */
export function pauseOf(annotations: Readonly<Record<string, string>>): Pause {
  const asked = annotations[replicasKey];
  const replicas = asked !== undefined && wholeNumber.test(asked) ? Number(asked) : undefined;
  const isOn = (name: string) => annotations[prefix + name] === "true";
  return {
    ...(replicas === undefined ? isOn("paused") && { paused: {} } : { paused: { replicas } }),
    scaleIn: isOn("paused-scale-in"),
    scaleOut: isOn("paused-scale-out"),
  };
}

/** A misspelt pause would leave the autoscaler running, so unknown names under millrace.dev/ are problems too. */
export function pauseProblems(
  annotations: Readonly<Record<string, string>>,
): { annotation: string; message: string }[] {
  return Object.entries(annotations).flatMap(([annotation, value]) => {
    const message = annotation.startsWith(prefix) ? problemOf(annotation, value) : undefined;
    return message === undefined ? [] : [{ annotation, message }];
  });
}

function problemOf(annotation: string, value: string): string | undefined {
  if (annotation === replicasKey) {
    return wholeNumber.test(value)
      ? undefined
      : `expected a whole number of replicas in quotes, for example "3", got "${value}"`;
  }
  if (known.includes(annotation)) {
    return value === "true" || value === "false" ? undefined : `expected "true" or "false", got "${value}"`;
  }
  return `unknown: expected one of ${known.join(", ")}`;
}
