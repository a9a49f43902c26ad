import { resolve } from 'node:path';
import { formatBytes } from '@xx-pipeline/client';
import { CommandError, type CommandInput, type CommandIo } from '../../io/CommandIo.ts';
import { ExitCode } from '../../io/exit-codes.ts';
import { refuseOptions, textOption } from '../../io/options.ts';
import { visible } from '../../render/ansi.ts';
import { paint, type TextStyle } from '../../render/style.ts';
import { renderTable } from '../../render/table.ts';
import { jobFileNames } from '../../reports/file-names.ts';
import { findJob, findRun } from '../find-run.ts';
import { readingConnection } from '../job-log.ts';
import { printData, withServer } from '../with-server.ts';
import { downloadArchive } from './download-archive.ts';
import { type ListedArtifact, listArtifacts } from './list-artifacts.ts';

/** `xx artifacts`. */
export async function showArtifacts(input: CommandInput, io: CommandIo): Promise<void> {
  const [run, jobName] = input.arguments;
  const directory = textOption(input, 'download');
  if (directory === undefined) refuseOptions(input, ['archives'], 'applies to downloads only: add --download');
  await withServer(input, io, async (client) => {
    const execution = await findRun(run, client, io);
    const all = listArtifacts(execution);
    const only = jobName === undefined ? null : findJob(execution, jobName).id;
    const found = only === null ? all : all.filter(({ jobId }) => jobId === only);
    if (directory === undefined) {
      await printData(found, () => renderArtifacts(found, io.stdout), input, io);
      return;
    }
    if (found.length === 0) throw new CommandError('no artifacts to download', ExitCode.usage);
    const names = jobFileNames(execution.jobs.map(({ name }) => name));
    const connection = readingConnection(io);
    const downloaded: { job: string; path: string; files: number | null }[] = [];
    for (const artifact of found) {
      const result = await downloadArchive(artifact, {
        client,
        connection,
        directory: resolve(io.cwd, directory),
        folder: only === null ? (names.get(artifact.job) ?? artifact.jobId) : null,
        fileName: names.get(artifact.job) ?? artifact.jobId,
        keepArchive: input.options['archives'] === true,
        warn: (message) => void io.stderr.write(`warning: ${visible(artifact.job)}: ${visible(message)}\n`),
      });
      downloaded.push({ job: artifact.job, ...result });
    }
    const lines = downloaded.map(({ job, path, files }) => {
      const what = files === null ? '' : ` (${files} ${files === 1 ? 'file' : 'files'})`;
      return `${visible(job)}: ${visible(path)}${what}\n`;
    });
    await printData(downloaded, () => lines.join(''), input, io);
  });
}

function renderArtifacts(artifacts: readonly ListedArtifact[], style: TextStyle): string {
  if (artifacts.length === 0) return 'no artifacts\n';
  const columns = [
    { title: 'job', shrink: true },
    { title: 'name', shrink: true },
    { title: 'size', right: true },
    { title: 'sha256', free: true },
  ];
  const rows = artifacts.map(({ job, name, size, sha256 }) => [visible(job), visible(name), formatBytes(size), sha256]);
  const [head = '', ...lines] = renderTable(columns, rows, style.columns);
  return `${[paint(style, 'gray', head), ...lines].join('\n')}\n`;
}
