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
