const good: ReadonlySet<string> = new Set(["Ready", "SignalsFresh", "ObjectiveMet", "ObjectiveFeasible"]);

/** True is good for four conditions; for the others True means that the thing named is so. Unknown is not bad. */
export const isBad = ({ type, status }: { readonly type: string; readonly status: string }): boolean =>
  status === (good.has(type) ? "False" : "True");
