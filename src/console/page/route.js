/**
 * @typedef {{ kind: "overview", choice: Choice }
 *   | { kind: "detail", namespace: string, name: string }
 *   | { kind: "nowhere", asked: string }} Route
 * @typedef {{ readonly text: string, readonly verdict: string, readonly order: string }} Choice
 *   What an overview is narrowed to, and its order; empty strings where nothing was chosen.
 */

/**
 * Where a location's hash leads. Undefined: it is no route at all, but a place on the page.
 * @param {string} hash
 * @returns {Route | undefined}
 */
export function routeOf(hash) {
  if (hash === "" || hash === "#") return { kind: "overview", choice: choiceOf("") };
  if (!hash.startsWith("#/")) return undefined;
  const [path = "", query = ""] = hash.slice(2).split("?", 2);
  if (path === "") return { kind: "overview", choice: choiceOf(query) };
  const [room, ...names] = path.split("/").map(decoded);
  const [namespace, name] = names;
  return room === "autoscalers" && names.length === 2 && namespace && name
    ? { kind: "detail", namespace, name }
    : { kind: "nowhere", asked: hash };
}

/**
 * @param {{ readonly namespace: string, readonly name: string }} autoscaler
 */
export const hrefOfDetail = ({ namespace, name }) =>
  `#/autoscalers/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;

/** @param {Choice} choice */
export function hrefOfOverview({ text, verdict, order }) {
  const query = new URLSearchParams(
    Object.entries({ text, verdict, order }).filter(([, value]) => value !== ""),
  ).toString();
  return query === "" ? "#/" : `#/?${query}`;
}

/**
 * Relative to the page, which may lie behind a prefix.
 * @param {{ readonly namespace: string, readonly name: string }} autoscaler
 */
export const detailAddress = ({ namespace, name }) =>
  `console/autoscalers/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;

/**
 * @param {string} query
 * @returns {Choice}
 */
function choiceOf(query) {
  const asked = new URLSearchParams(query);
  return {
    text: asked.get("text") ?? "",
    verdict: asked.get("verdict") ?? "",
    order: asked.get("order") ?? "",
  };
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
