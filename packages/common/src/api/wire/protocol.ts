/**
 * Version of what our own processes send each other: plans, requests, updates, records. Raise it by one with every change
 * of a schema in `api/schemas`. Version 1 was the last one that sent no version.
 *
 * Each request and each answer of ours names it in a header. Two processes of the same version have the same schemas, so
 * a field that the receiver does not know is a bug, and an error. A newer or older process may send fields that are not
 * known here, and so may a person with curl, who names no version: those are ignored.
 */
export const protocolVersion = 2;

/** Name of the header with the sender's protocol version. */
export const protocolHeader = 'xx-protocol';

/** Whether the headers are those of a process with the same schemas. */
export function isOwnProtocol(headers: Readonly<Record<string, string | string[] | undefined>>): boolean {
  return headers[protocolHeader] === String(protocolVersion);
}

/** Processes whose versions differ by more than this do not work together; by one, so that an upgrade may roll. */
const furthestVersion = 1;

/**
 * Why the sender of these headers cannot work with this process, in one sentence; null if it can, or if it names no version
 * (a person, or version 1). `sender` and `receiver` name the two in that sentence: "the client", "this server".
 */
export function versionSkew(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  sender: string,
  receiver: string,
): string | null {
  const version = Number(headers[protocolHeader] ?? Number.NaN);
  if (!Number.isSafeInteger(version) || Math.abs(version - protocolVersion) <= furthestVersion) return null;
  const older = version < protocolVersion ? sender : receiver;
  return `${sender} uses version ${version} of the protocol and ${receiver} version ${protocolVersion}: upgrade ${older}`;
}
