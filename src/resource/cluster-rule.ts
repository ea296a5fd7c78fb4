/**
 * A check that the API server makes when a resource is written, in the Common Expression Language. It stands in the schema
 * beside the refinement that says the same for a resource in a file, and uses the same words.
 */
type ClusterRule = {
  readonly rule: string;
  readonly message: string;
  /** The field to blame, from the object that the rule stands on: `.min`. */
  readonly fieldPath?: string;
};

export const rule = (
  expression: string,
  message: string,
  more: Pick<ClusterRule, "fieldPath"> = {},
): ClusterRule => ({ rule: expression, message, ...more });

/** For a schema's `meta`. */
export const enforced = (
  ...rules: readonly ClusterRule[]
): { readonly "x-kubernetes-validations": readonly ClusterRule[] } => ({ "x-kubernetes-validations": rules });
