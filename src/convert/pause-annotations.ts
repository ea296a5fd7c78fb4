import type { Notes } from "./note.ts";
import type { ScaledObject } from "./scaled-object.ts";

const switches = ["paused", "paused-scale-in", "paused-scale-out"];
/** What KEDA takes for a no; any other value is a yes. */
const noes = ["0", "f", "F", "false", "FALSE", "False"];

/** The pause annotations are the same four; the others of KEDA have no equal. */
export function convertPause({ metadata }: ScaledObject, notes: Notes): Readonly<Record<string, string>> {
  const converted: Record<string, string> = {};
  for (const [annotation, value] of Object.entries(metadata.annotations)) {
    const field = `metadata.annotations["${annotation}"]`;
    const [owner, name = ""] = annotation.split("/");
    if (owner === "autoscaling.keda.sh") Object.assign(converted, one(name, value, { notes, field }));
    else if (owner === "scaledobject.keda.sh" || owner === "validations.keda.sh")
      notes.add("no-equal", field, "there is no HorizontalPodAutoscaler that it could speak of");
  }
  return converted;
}

function one(
  name: string,
  value: string,
  { notes, field }: { readonly notes: Notes; readonly field: string },
): Record<string, string> {
  const isSwitch = switches.includes(name);
  if (isSwitch && noes.includes(value)) return {};
  if (isSwitch || (name === "paused-replicas" && /^\d{1,5}$/.test(value))) {
    const here = `millrace.dev/${name}`;
    notes.add(
      "to-do",
      field,
      `the WorkerAutoscaler is paused in the same way: take ${here} away when it shall act`,
    );
    return { [here]: isSwitch ? "true" : value };
  }
  if (name === "force-activation")
    notes.add(
      "no-equal",
      field,
      "a replica is started for the first job without it; to keep one warm, set replicas.min to 1",
    );
  else notes.add("no-equal", field, "not known here; left out");
  return {};
}
