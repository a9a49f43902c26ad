import { bringBusybox } from './bring-busybox.ts';
import { engineAnswers, readEngine } from './engine-api.ts';
import type { SetupCheck } from './SetupCheck.ts';

/** The small image that the demonstration and the tests use. */
export const imageCheck: SetupCheck = {
  id: 'image',
  title: 'Image busybox:latest',
  async run(world) {
    if (!(await engineAnswers(world))) return { state: 'missing', found: 'unknown: no engine to ask', mend: [] };
    const image = await readEngine<{ Id: string }>(world, '/images/busybox:latest/json');
    if (image !== null) return { state: 'ok', found: 'present', mend: [] };
    return {
      state: 'missing',
      found: 'not present (the demonstration and the tests use it; your own pipelines need not)',
      mend: ['Pull it:', '$ docker pull busybox:latest'],
      fix: { what: 'bring the image busybox:latest', system: false, run: bringBusybox },
    };
  },
};
