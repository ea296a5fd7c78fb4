import { AutoscalerSet } from "./autoscaler-set.js";
import { ConnectionBanner } from "./connection-banner.js";
import { Detail } from "./detail.js";
import { element, setAttribute, setText } from "./element.js";
import { readable, zoneText } from "./format.js";
import { LiveFeed } from "./live-feed.js";
import { Overview } from "./overview.js";
import { routeOf } from "./route.js";
import { createThemeSwitch } from "./theme-switch.js";
import { VerdictAnnouncer } from "./verdict-announcer.js";

/** @typedef {import("./overview.js").Change} Change */

const set = new AutoscalerSet();
const overview = new Overview(set);
/** The view that is shown. @type {Overview | Detail} */
let view = overview;

const content = part("content");
const notes = part("notes");
const announcer = new VerdictAnnouncer(set, part("announcements"));
const feed = new LiveFeed("console/stream", { onEvent: take, onConnection: tellConnection });
const banner = new ConnectionBanner(set, () => feed.connect());

part("connection").append(banner.node);
part("tools").append(createThemeSwitch(() => view instanceof Detail && view.recolour()));
part("skip").addEventListener("click", (event) => {
  event.preventDefault();
  content.focus();
});
addEventListener("hashchange", () => open({ focus: true }));
addEventListener("online", () => feed.connect());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && part("state").dataset["state"] === "lost") feed.connect();
});
setText(part("zone"), `Times in ${zoneText(Date.now())}.`);
setInterval(tick, 1_000);
open({ focus: false });
feed.connect();

/** @param {string} id */
function part(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page lacks #${id}.`);
  return found;
}

/**
 * Shows what the address names.
 * @param {{ readonly focus: boolean }} how
 */
function open({ focus }) {
  const route = routeOf(location.hash);
  if (route === undefined) return;
  view.leave();
  if (route.kind === "detail") {
    const detail = new Detail(set, route, overview.href());
    view = detail;
    detail.show();
  } else {
    view = overview;
    overview.show(route.kind === "overview" ? route.choice : { text: "", verdict: "", order: "" });
  }
  content.replaceChildren(view.node);
  if (route.kind === "nowhere") content.prepend(nowhere(route.asked));
  scrollTo(0, 0);
  if (focus) view.focus();
  tellTitle();
}

/** @param {string} asked */
const nowhere = (asked) =>
  element(
    "p",
    { class: "notice", "data-kind": "warning" },
    `Nothing is at ${asked}. These are all autoscalers.`,
  );

/**
 * @param {string} name
 * @param {unknown} data
 */
function take(name, data) {
  if (name === "snapshot") {
    set.replace(/** @type {import("../contract.ts").SnapshotEvent} */ (data));
    tellChange({ kind: "all" });
    if (view instanceof Detail) view.catchUp();
  }
  if (name === "changes") {
    const { changed, removed } = /** @type {import("../contract.ts").ChangesEvent} */ (data);
    set.change(/** @type {import("../contract.ts").ChangesEvent} */ (data));
    tellChange({ kind: "some", changed, removed });
  }
}

/** @param {Change} change */
function tellChange(change) {
  view.update(change);
  const { notes: told = [], version } = set.about ?? {};
  const sentences = told.map(readable);
  if ([...notes.children].map(({ textContent }) => textContent).join("\n") !== sentences.join("\n"))
    notes.replaceChildren(...sentences.map((sentence) => element("p", { class: "notice" }, sentence)));
  setAttribute(notes, "hidden", sentences.length === 0);
  setText(part("version"), version === undefined ? "" : `Millrace ${version}.`);
  tellTitle();
  tick();
}

/** @param {import("./live-feed.js").Connection} connection */
function tellConnection(connection) {
  banner.update(connection);
  const state = part("state");
  setAttribute(state, "data-state", connection.kind);
  setText(
    state,
    connection.kind === "live" ? "Live" : connection.kind === "lost" ? "Not connected" : "Connecting",
  );
}

function tick() {
  banner.tick();
  view.tick(set.nowMs());
  announcer.tick();
}

function tellTitle() {
  const title = `${view.title()} · Millrace`;
  if (document.title !== title) document.title = title;
}
