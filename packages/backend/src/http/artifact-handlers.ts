import type { ArtifactRef, JobExecution } from '@xx-pipeline/common';
import { HttpProblem } from '@xx-pipeline/service';
import { admitReader, admitWriter } from './attempt-access.ts';
import type { HandlersOf, HttpParts } from './HttpParts.ts';

/** Bytes an archive may have. */
const largestArchive = 8 * 1024 ** 3;

/** Artifacts: uploaded by workers, downloaded by dependent jobs and people. */
export function artifactHandlers({
  services: { jobs, queries, access },
  stores: { artifacts },
}: HttpParts): HandlersOf<'uploadArtifact' | 'downloadArtifacts'> {
  return {
    uploadArtifact: async ({ query: { jobId, name, size, sha256, offset, ...query }, body, caller }) => {
      const { attempt, headers } = await admitWriter(access, caller, jobId, query.attempt);
      if (size > largestArchive) throw new HttpProblem('too_large', `an archive may have ${largestArchive} bytes`);
      if (offset > size) throw new HttpProblem('bad_request', `offset ${offset} is beyond the size of ${size}`);
      const result = await artifacts.upload({ jobId, attempt }, { size, sha256, offset }, atMost(body, size - offset));
      switch (result.kind) {
        case 'stored':
          HttpProblem.orThrow(await jobs.recordArtifact(jobId, attempt, { name, path: result.path, size, sha256 }));
          return { status: 200, body: { complete: true, nextOffset: size }, headers };
        case 'partial':
          return { status: 200, body: { complete: false, nextOffset: result.nextOffset }, headers };
        case 'gap': {
          const { nextOffset } = result;
          throw new HttpProblem('offset_gap', `${nextOffset} bytes are stored: continue from there`, { nextOffset });
        }
        case 'checksum-mismatch':
          throw new HttpProblem('checksum_mismatch', 'the archive does not have the given SHA-256: send it again');
      }
    },
    downloadArtifacts: async ({ params: { jobId }, query, caller }) => {
      await admitReader(access, caller, jobId);
      const kept = lastKept(HttpProblem.orThrow(await queries.getJob(jobId)), query.attempt);
      const archive = kept === null ? null : await artifacts.open({ jobId, attempt: kept.attempt });
      if (kept === null || archive === null) throw new HttpProblem('not_found', 'the job kept no artifacts');
      return {
        status: 200,
        body: archive,
        headers: {
          'content-type': 'application/zstd',
          'content-length': String(kept.ref.size),
          'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(`${kept.ref.name}.tar.zst`)}`,
          'repr-digest': `sha-256=:${Buffer.from(kept.ref.sha256, 'hex').toString('base64')}:`,
        },
      };
    },
  };
}

/** The archive of the named attempt, else of the last one that kept any. */
function lastKept(job: JobExecution, attempt: number | undefined): { attempt: number; ref: ArtifactRef } | null {
  const attempts = attempt === undefined ? job.attempts : job.attempts.filter(({ number }) => number === attempt);
  const last = attempts.findLast(({ artifacts }) => artifacts.length > 0);
  const ref = last?.artifacts.at(-1);
  return last === undefined || ref === undefined ? null : { attempt: last.number, ref };
}

async function* atMost(bytes: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > limit) throw new HttpProblem('too_large', 'the body is longer than the size says');
    yield chunk;
  }
}
