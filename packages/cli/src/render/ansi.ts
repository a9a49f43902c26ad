// Job names, file contents and logs are written by strangers: whatever of them reaches a terminal passes through here.

const unsafeInName = /[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** A name or message in one line: control and direction characters are shown instead of obeyed. */
export function visible(text: string): string {
  return text.replace(unsafeInName, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) {
      return String.fromCharCode(0x2400 + code);
    }
    return code === 0x7f ? '␡' : `\\u{${code.toString(16)}}`;
  });
}

/** Like `visible`, but keeps the line breaks of a text of several lines. */
export function visibleLines(text: string): string {
  return text.split(/\r?\n/).map(visible).join('\n');
}

/**
 * One alternative per family of sequences: strings (OSC, DCS, …) to their end, CSI, other escapes, stray controls.
 * Every repetition stops at ESC, so that a hostile line costs linear time.
 */
const sequences =
  /\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x9c|\x1b\\)|(\x1b\[[0-9;:]*m)|(?:\x1b\[|\x9b)[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]?|\x1b[\x20-\x2f]*[\x30-\x7e]?|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

const hasControls = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

/**
 * One line of a log, without its line end, as it may be shown: what a carriage return overwrote is gone, sequences
 * that move the cursor or talk to the terminal are gone, colours stay when `color` is set and end with the line.
 */
export function cleanLogLine(line: string, color: boolean): string {
  if (!hasControls.test(line)) {
    return line;
  }
  const shown = afterLastReturn(line);
  let colored = false;
  const clean = shown.replace(sequences, (_whole, sgr: string | undefined) => {
    if (sgr === undefined || !color) {
      return '';
    }
    colored = true;
    return sgr;
  });
  return colored && !clean.endsWith('\x1b[0m') ? `${clean}\x1b[0m` : clean;
}

/** Progress bars write a line over and over; only the last version was left on the screen. */
function afterLastReturn(line: string): string {
  const trimmed = line.replace(/\r+$/, '');
  return trimmed.slice(trimmed.lastIndexOf('\r') + 1);
}
