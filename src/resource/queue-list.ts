import { z } from "zod";
import { enforced, rule } from "./cluster-rule.ts";
import { positiveSeconds, text } from "./fields.ts";

const maxQueues = 100;

const eitherMessage = "expected either name or pattern, and not both";
const twiceMessage = "name each queue once";
const unboundedMessage =
  "unbounded: start it with ^ and at least one literal character, and keep alternatives in parentheses, for example ^jobs\\.(mail|sms)\\.";

/**
 * Anchored, a literal character after the anchor that is not made optional, and no alternative outside parentheses: a
 * pattern must not be able to take in every queue. Means the same in JavaScript and in RE2, which the API server uses.
 */
const boundedPattern = (() => {
  const escaped = "\\\\.";
  const characters = `\\[(?:[^\\]\\\\]|${escaped})*\\]`;
  const inner = `\\((?:[^()\\\\]|${escaped})*\\)`;
  const group = `\\((?:[^()\\\\]|${escaped}|${inner})*\\)`;
  const part = `[^|()\\\\\\[]|${escaped}|${characters}|${group}`;
  const second = `[^|()\\\\\\[*?{]|${escaped}|${characters}|${group}`;
  return `^\\^(?:[A-Za-z0-9_-]|\\\\[.])(?:(?:${second})(?:${part})*)?$`;
})();
const isBounded = (pattern: string): boolean => new RegExp(boundedPattern).test(pattern);

const isRegularExpression = (pattern: string): boolean => {
  try {
    return new RegExp(pattern, "u") instanceof RegExp;
  } catch {
    return false;
  }
};

/** Why this is no pattern that a resource may have; undefined when it is one. */
export const patternProblem = (expression: string): string | undefined => {
  if (!isRegularExpression(expression)) return "expected a regular expression";
  return isBounded(expression) ? undefined : unboundedMessage;
};

const pattern = text('"^jobs\\\\.mail\\\\."')
  .superRefine((expression, context) => {
    const problem = patternProblem(expression);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  })
  .meta({
    description:
      "Instead of a name: every queue of the vhost whose name matches this regular expression (JavaScript, with the u flag), looked up again as queues come and go; at most 100 may match. It must start with ^ and a literal character, and keep alternatives in parentheses. Needs the broker's management API.",
    ...enforced(rule(`self.matches(r'${boundedPattern}')`, unboundedMessage)),
  });

const queue = z
  .strictObject(
    {
      name: text("jobs.image.blur").optional().meta({ description: "The queue's name." }),
      pattern: pattern.optional(),
      vhost: text("/").default("/").meta({ description: "The virtual host that the queue is in." }),
      waitSeconds: positiveSeconds().optional().meta({
        description:
          "A stricter promise for this queue than objective.waitSeconds, in seconds. When absent, the objective's.",
      }),
    },
    { error: "expected an object with a name or a pattern" },
  )
  .refine((one) => (one.name === undefined) !== (one.pattern === undefined), { error: eitherMessage })
  .meta({
    description: "One queue by name, or several by a pattern.",
    ...enforced(rule("has(self.name) != has(self.pattern)", eitherMessage)),
  });

const areSame =
  "a.vhost == b.vhost && (has(a.name) && has(b.name) && a.name == b.name || has(a.pattern) && has(b.pattern) && a.pattern == b.pattern)";
const isNeither = "!has(a.name) && !has(a.pattern)";

/** `spec.queues`. */
export const queues = z
  .array(queue, { error: "required: at least one queue, for example [{ name: jobs.image.blur }]" })
  .min(1, "empty: name at least one queue, for example [{ name: jobs.image.blur }]")
  .max(maxQueues, `expected at most ${maxQueues} queues`)
  .superRefine((list, context) => {
    const seen = new Map<string, number>();
    list.forEach((one, index) => {
      const identity = JSON.stringify([one.vhost, one.name, one.pattern]);
      const first = seen.get(identity);
      if (first === undefined) seen.set(identity, index);
      else
        context.addIssue({
          code: "custom",
          path: [index],
          message: `the same as queues[${first}]: ${twiceMessage}`,
        });
    });
  })
  .meta({
    description: "What the target's workers consume: one or more queues of one broker.",
    "x-kubernetes-list-type": "atomic",
    ...enforced(
      rule(`self.all(a, ${isNeither} || self.exists_one(b, ${areSame}))`, `twice the same: ${twiceMessage}`),
    ),
  });
