/** A reason as others word it, on its own: with a capital letter and one full stop. */
export const sentence = (reason: string): string =>
  reason.charAt(0).toUpperCase() + endOfSentence(reason.slice(1));

/** A reason as others word it, at the end of a sentence: with one full stop. */
export const endOfSentence = (reason: string): string => (/[.!?]$/.test(reason) ? reason : `${reason}.`);
