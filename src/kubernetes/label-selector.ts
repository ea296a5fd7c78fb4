type Labels = Readonly<Record<string, string>>;

/**
 * The selector of a scale's status, in its text form: `app=worker,tier!=web,env in (a,b),!old`. Undefined when it is empty
 * or cannot be read: it then selects nothing that could be relied on.
 */
export const selectorOf = (text: string): ((labels: Labels) => boolean) | undefined => {
  // Commas inside parentheses separate values, not requirements.
  const parts = text.split(/,(?![^(]*\))/).map((part) => part.trim());
  const requirements = parts.filter((part) => part !== "").map(requirementOf);
  const known = requirements.filter((requirement) => requirement !== undefined);
  if (known.length === 0 || known.length < requirements.length) return undefined;
  return (labels) => known.every((holds) => holds(labels));
};

const requirementOf = (part: string): ((labels: Labels) => boolean) | undefined => {
  const set = /^(\S+)\s+(in|notin)\s+\((.*)\)$/.exec(part);
  if (set !== null) {
    const [, key = "", operator, list = ""] = set;
    const values = list.split(",").map((value) => value.trim());
    return (labels) => {
      const value = labels[key];
      const isIn = value !== undefined && values.includes(value);
      return operator === "in" ? isIn : !isIn;
    };
  }
  const pair = /^([^\s!=]+)\s*(==|=|!=)\s*([^\s=]*)$/.exec(part);
  if (pair !== null) {
    const [, key = "", operator, value = ""] = pair;
    return (labels) => (operator === "!=" ? labels[key] !== value : labels[key] === value);
  }
  const exists = /^(!?)([^\s!=(),]+)$/.exec(part);
  if (exists === null) return undefined;
  const [, not, key = ""] = exists;
  return (labels) => (labels[key] !== undefined) === (not === "");
};
