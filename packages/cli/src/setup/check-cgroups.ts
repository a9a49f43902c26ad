import { engineAnswers } from './engine-api.ts';
import { isRoot } from './machine-facts.ts';
import { cgroupsAreMounted, mountCgroups } from './mount-cgroups.ts';
import type { SetupCheck } from './SetupCheck.ts';

/** Control groups are what a container engine holds containers together with; minimal machines lack them. */
export const cgroupCheck: SetupCheck = {
  id: 'cgroups',
  title: 'Control groups',
  async run(world) {
    if (process.platform !== 'linux') return { state: 'ok', found: `not needed on ${process.platform}`, mend: [] };
    if (cgroupsAreMounted()) return { state: 'ok', found: 'mounted', mend: [] };
    if (await engineAnswers(world))
      return { state: 'ok', found: 'not mounted here; the engine does without', mend: [] };
    const mend = [
      'Mount them as root; on Debian or Ubuntu without systemd:',
      '$ apt-get install cgroupfs-mount && cgroupfs-mount',
    ];
    const outcome = { state: 'missing', found: '/sys/fs/cgroup is empty', mend } as const;
    if (!isRoot()) return outcome;
    return { ...outcome, fix: { what: 'mount control groups', system: true, run: mountCgroups } };
  },
};
