/** What must never reach a terminal from a file: controls (escape sequences begin with one) and direction changes. */
const unsafe = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** A text from outside, on one line, with everything that could steer a terminal made visible or harmless. */
export const safeText = (text: string): string => text.replace(unsafe, (found) => (/\s/.test(found) ? ' ' : '\ufffd'));
