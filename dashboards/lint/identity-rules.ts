import type { Dashboard } from "./dashboard.ts";
import type { Rule } from "./lint.ts";

const unless = (holds: boolean, problem: string): readonly string[] => (holds ? [] : [problem]);

export const identityRules: readonly Rule[] = [
  {
    // 17
    name: "uneditable-dashboard",
    check: ({ editable }) => unless(editable === false, "may be edited; the next provisioning would undo it"),
  },
  {
    name: "identity",
    check: ({ uid = "", title = "", tags = [] }) => [
      ...unless(/^millrace-[a-z-]+$/.test(uid), `uid "${uid}" is no millrace-name`),
      ...unless(title !== "", "has no title"),
      ...unless(tags.includes("millrace"), "lacks the tag by which the set finds it"),
    ],
  },
  {
    name: "shared-crosshair",
    check: ({ graphTooltip }) => unless(graphTooltip === 1, "panels do not share the crosshair"),
  },
  { name: "set-links", check: setLinks },
];

function setLinks({ links = [] }: Dashboard): readonly string[] {
  const set = links.find(({ type, tags }) => type === "dashboards" && tags?.includes("millrace"));
  return [
    ...unless(set !== undefined, "has no links to the dashboards of the set"),
    ...unless(set?.keepTime === true, "its links to the set lose the time"),
    ...unless(set?.includeVars === true, "its links to the set lose the chosen values"),
  ];
}
