// Every text that a repository, a job or a server provides passes through this file before it reaches a terminal: names and
// messages through `visible`, lines of logs through `cleanLogLine`.

const unsafeInName = /[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** A name or message as one line: control and direction characters are shown as symbols, so that no terminal obeys them. */
export function visible(text: string): string {
  return text.replace(unsafeInName, visibleCharacter);
}

function visibleCharacter(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) {
    return String.fromCharCode(0x2400 + code);
  }
  return code === 0x7f ? '␡' : `\\u{${code.toString(16)}}`;
}

/** As `visible`, but keeps the line breaks of a text of several lines. */
export function visibleLines(text: string): string {
  return text.split(/\r?\n/).map(visible).join('\n');
}

/**
 * One alternative per family of sequences: strings (OSC, DCS, …) to their end, CSI, other escapes, stray controls.
 * Every repetition stops at ESC, so that a hostile line costs linear time.
 */
const sequences =
  /\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x9c|\x1b\\)|(\x1b\[[0-9;:]*m)|(?:\x1b\[|\x9b)[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]?|\x1b[\x20-\x2f]*[\x30-\x7e]?|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

const hasControls = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

/** They turn the order of what follows around: a log could show another command than the one that ran. */
const directions = /[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * One line of a log, without its line end, safe for a terminal: text that a carriage return overwrote and sequences that
 * move the cursor or address the terminal are removed, direction characters are shown as symbols, colors stay if `color`
 * is set and end with the line.
 */
export function cleanLogLine(line: string, color: boolean): string {
  if (!hasControls.test(line)) {
    return line;
  }
  const shown = afterLastReturn(line).replace(directions, visibleCharacter);
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

/** A progress bar rewrites its line: a terminal shows the last version only. */
function afterLastReturn(line: string): string {
  const trimmed = line.replace(/\r+$/, '');
  return trimmed.slice(trimmed.lastIndexOf('\r') + 1);
}
