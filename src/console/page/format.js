// Figures as text for people. A figure that is not known is the caller's matter: it is never shown as zero.

const space = "\u00A0";
const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** @param {number} value */
const significant = (value) =>
  value >= 100 ? grouped.format(value) : String(Number(value.toPrecision(value < 10 ? 2 : 3)));

/** @param {number} value */
export const countText = (value) => grouped.format(value);

/**
 * `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`.
 * @param {number} seconds
 */
export function durationText(seconds) {
  const value = Math.max(0, seconds);
  if (value < 9.95) return `${Number(value.toFixed(1))}${space}s`;
  const whole = Math.round(value);
  if (whole < 60) return `${whole}${space}s`;
  if (whole < 3_600) return parts([Math.floor(whole / 60), "min"], [whole % 60, "s"]);
  const minutes = Math.round(whole / 60);
  if (minutes < 1_440) return parts([Math.floor(minutes / 60), "h"], [minutes % 60, "min"]);
  return parts([Math.floor(minutes / 1_440), "d"], [Math.floor((minutes % 1_440) / 60), "h"]);
}

/** @param {...[value: number, unit: string]} figures */
const parts = (...figures) =>
  figures
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value}${space}${unit}`)
    .join(" ");

/**
 * Jobs a second; a minute where that is easier to read.
 * @param {number} perSecond
 */
export const rateText = (perSecond) =>
  perSecond > 0 && perSecond < 0.1 ? `${significant(perSecond * 60)}/min` : `${significant(perSecond)}/s`;

/** @param {number} ratio */
export const ratioText = (ratio) => `${Number((Math.floor(ratio * 1_000 + 1e-6) / 10).toFixed(1))}${space}%`;

/** @param {number} replicas */
export const replicasText = (replicas) => significant(replicas);

/**
 * `3 jobs`, `1 job`.
 * @param {number} value
 * @param {string} one
 */
export const pluralText = (value, one) => `${countText(value)}${space}${one}${value === 1 ? "" : "s"}`;

/**
 * Time of day here, `12:41:07`.
 * @param {number} atMs
 */
export const clockText = (atMs) => clock.format(atMs);

/**
 * `12:41:07`, with the day before it where that is not today's.
 * @param {number} atMs
 * @param {number} nowMs
 */
export const momentText = (atMs, nowMs) =>
  day.format(atMs) === day.format(nowMs) ? clockText(atMs) : `${day.format(atMs)}, ${clockText(atMs)}`;

/**
 * Where the times on this page are of: `Europe/Kyiv (UTC+2)`, `UTC`.
 * @param {number} atMs
 */
export function zoneText(atMs) {
  const parts = new Intl.DateTimeFormat("en", { timeZoneName: "shortOffset" }).formatToParts(atMs);
  const offset = parts.find(({ type }) => type === "timeZoneName")?.value.replace("GMT", "UTC") ?? "";
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  return timeZone === "UTC" ? timeZone : `${timeZone} (${offset})`;
}

/**
 * A sentence of the operator as it is read here: its instants are times of this place, and its figures do not part from
 * their units at the end of a line.
 * @param {string} sentence
 */
export const readable = (sentence) =>
  sentence
    .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, (instant) => momentText(Date.parse(instant), Date.now()))
    .replace(/(\d) (?=(?:%|s|min|h)(?![\w]))/g, `$1${space}`);
