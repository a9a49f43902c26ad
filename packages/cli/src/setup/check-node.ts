import type { SetupCheck } from './SetupCheck.ts';

const oldest = [24, 15] as const;

/** Node runs this very program; a package installed by hand may run on an old one. */
export const nodeCheck: SetupCheck = {
  id: 'node',
  title: 'Node',
  async run() {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const newEnough = major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
    return newEnough
      ? { state: 'ok', found: `${process.versions.node}`, mend: [] }
      : {
          state: 'missing',
          found: `${process.versions.node} is too old`,
          mend: [
            `Install Node ${oldest.join('.')} or newer, or start xx with the ./xx of a checkout, which brings its own.`,
          ],
        };
  },
};
