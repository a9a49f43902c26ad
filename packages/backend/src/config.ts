import { isIPv4, isIPv6 } from 'node:net';
import { failure, type Result, success } from '@xx-pipeline/common';
import type { TlsFiles } from '@xx-pipeline/service';
import { defaultLeases, type LeaseTimes } from './leases.ts';

/** The address at which a service listens. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** A mistake in the configuration. */
export interface ConfigProblem {
  readonly message: string;
  readonly help: string | null;
}

/** Reads `HOST:PORT`, `[IPv6]:PORT` or `PORT` (loopback); port 0 takes any free one. */
export function parseListenAddress(text: string): Result<ListenAddress, ConfigProblem> {
  const match = /^(?:(\[[0-9a-fA-F:.]+\]|[^\s:/[\]]*):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    return failure({
      message: `'${text}' is not an address to listen at`,
      help: 'HOST:PORT, for example 127.0.0.1:8642, 0.0.0.0:8642 or [::1]:8642',
    });
  }
  const host = match[1]?.replace(/^\[|\]$/g, '');
  return success({ host: host === undefined ? '127.0.0.1' : host === '' ? '0.0.0.0' : host, port });
}

/** Refuses to send tokens and sources in clear over a network, unless `insecure` allows it. */
export function checkExposure(
  { host }: ListenAddress,
  { tls, insecure }: { readonly tls: TlsFiles | null; readonly insecure: boolean },
): Result<null, ConfigProblem> {
  if (isLoopback(host) || tls !== null || insecure) return success(null);
  return failure({
    message: `${host} can be reached from other machines, and without TLS tokens and sources can be read on the network`,
    help: 'give --tls-cert and --tls-key; or --insecure where something in front does TLS, or the network is trusted',
  });
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  if (isIPv4(host)) return host.startsWith('127.');
  if (isIPv6(host)) return /^(?:::1|(?:0+:){7}0*1|::ffff:127\..*)$/i.test(host);
  return host === 'localhost';
}

/** Checks the URL of a database. */
export function checkDatabase(text: string): Result<string, ConfigProblem> {
  if (/^sqlite:./.test(text) || /^postgres(?:ql)?:\/\//.test(text)) return success(text);
  return failure({
    message: 'a database is sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME',
    help: 'a password is better given in the variable XX_DATABASE than as an argument, which others can see',
  });
}

const leaseVariables: readonly (readonly [keyof LeaseTimes, string])[] = [
  ['heartbeatMs', 'XX_HEARTBEAT_SECONDS'],
  ['leaseMs', 'XX_LEASE_SECONDS'],
  ['acceptMs', 'XX_ACCEPT_SECONDS'],
];

/** Reads the times of leases from the environment; a variable that is unset or empty keeps the default. */
export function readLeases(env: Readonly<Record<string, string | undefined>>): Result<LeaseTimes, ConfigProblem> {
  const times = { ...defaultLeases };
  for (const [key, variable] of leaseVariables) {
    const text = env[variable] ?? '';
    if (text === '') continue;
    const seconds = Number(text);
    if (!(seconds > 0 && seconds <= 86_400)) {
      return failure({ message: `${variable} is "${text}"`, help: 'a number of seconds, for example 10' });
    }
    times[key] = seconds * 1000;
  }
  if (times.leaseMs <= times.heartbeatMs) {
    return failure({
      message: `XX_LEASE_SECONDS (${times.leaseMs / 1000}) must be more than XX_HEARTBEAT_SECONDS (${times.heartbeatMs / 1000})`,
      help: 'workers would lose their jobs between two heartbeats',
    });
  }
  return success(times);
}
