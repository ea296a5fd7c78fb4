type Bounds = { readonly min: number; readonly max: number };

/** What would keep a promise that reacting cannot keep, one sentence, within the bounds as they are or with the ones to move. */
export function warmAdvice(warmReplicasNeeded: number, { min, max }: Bounds): string {
  if (warmReplicasNeeded <= min)
    return `spec.replicas.min is ${min}, and ${warmReplicasNeeded} should do: if jobs go on starting late, promise a longer wait.`;
  const raisedMax =
    warmReplicasNeeded > max ? ` and spec.replicas.max to at least ${warmReplicasNeeded} (it is ${max})` : "";
  return `Reacting alone cannot keep the promise: set spec.replicas.min to ${warmReplicasNeeded} (it is ${min})${raisedMax}, or promise a longer wait.`;
}
