import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { callEngine } from '../../packages/cli/src/setup/engine-api.ts';

interface Labelled {
  readonly Id?: string;
  readonly Name?: string;
  readonly Names?: readonly string[];
  readonly Labels: Readonly<Record<string, string>> | null;
}

const label = 'io.xx-pipeline.owner';

/** Containers, networks and volumes of the processes that this one has started with these ids; a label names the maker of a thing. */
export async function listLeftovers(pids: readonly number[]): Promise<readonly string[]> {
  if (pids.length === 0) return [];
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const started = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  return await listOwned((owner) => {
    const [, , pid, since] = owner.split(':').map(Number);
    // Ids come round: a process that began before this one is somebody else's.
    return pid !== undefined && pids.includes(pid) && (since ?? 0) >= started;
  });
}

/** Containers, networks and volumes whose owner's label is one of ours. */
export async function listOwned(isOurs: (owner: string) => boolean): Promise<readonly string[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
  const [containers, networks, volumes] = await Promise.all([
    read<readonly Labelled[]>(`/containers/json?all=true&filters=${filters}`),
    read<readonly Labelled[]>(`/networks?filters=${filters}`),
    read<{ Volumes: readonly Labelled[] | null }>(`/volumes?filters=${filters}`),
  ]);
  const ours = (thing: Labelled): boolean => isOurs(thing.Labels?.[label] ?? '');
  const name = (kind: string, thing: Labelled): string =>
    `${kind} ${thing.Names?.[0] ?? thing.Name ?? thing.Id} ${JSON.stringify(thing.Labels)}`;
  return [
    ...(containers ?? []).filter(ours).map((thing) => name('container', thing)),
    ...(networks ?? []).filter(ours).map((thing) => name('network', thing)),
    ...(volumes?.Volumes ?? []).filter(ours).map((thing) => name('volume', thing)),
  ];
}

/** Null when no engine answers: then nothing can be left in it. */
async function read<T>(path: string): Promise<T | null> {
  const answer = await callEngine({ env: process.env, signal: new AbortController().signal }, { method: 'GET', path });
  if (answer.kind === 'no-answer') return null;
  return JSON.parse(await text(answer.body)) as T;
}

/** The containers that a process has made and not yet removed. */
export async function listContainersOf(pid: number | undefined): Promise<readonly { readonly id: string }[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
  const containers = (await read<readonly Labelled[]>(`/containers/json?filters=${filters}`)) ?? [];
  return containers
    .filter((thing) => Number(thing.Labels?.[label]?.split(':')[2]) === pid)
    .flatMap(({ Id }) => (Id === undefined ? [] : [{ id: Id }]));
}
